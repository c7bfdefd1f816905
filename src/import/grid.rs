//! British National Grid to longitude and latitude (WGS84).
//!
//! Inverse transverse Mercator on the Airy 1830 ellipsoid, then the seven-parameter Helmert transformation from OSGB36,
//! after Ordnance Survey, "A guide to coordinate systems in Great Britain", annexes B and C and section 6.6. The grid
//! that surveyors use (OSTN15) is exact to centimetres but takes a table of megabytes; a school's point is its gate or
//! its postcode, so this is near enough. Written out here and computed by `libm` so that every machine finds the same
//! digits, which the crates that do this leave to the system's library.

use libm::{atan2, cos, hypot, pow, sin, sqrt, tan};

use crate::domain::Point;

/// How far a converted point may lie from the true one, in metres, anywhere in Great Britain (Ordnance Survey gives
/// "about 5 metres" for the Helmert transformation).
pub const ACCURACY_METRES: f64 = 5.0;

/// The grid, in metres: false origin at the south west, west of Scilly; north of Shetland at the other end.
const EASTINGS: std::ops::RangeInclusive<f64> = 0.0..=700_000.0;
const NORTHINGS: std::ops::RangeInclusive<f64> = 0.0..=1_300_000.0;

/// Semi-axes in metres.
struct Ellipsoid {
    a: f64,
    b: f64,
}

impl Ellipsoid {
    /// The first eccentricity, squared.
    fn e2(&self) -> f64 {
        1.0 - (self.b * self.b) / (self.a * self.a)
    }
}

const AIRY_1830: Ellipsoid = Ellipsoid { a: 6_377_563.396, b: 6_356_256.909 };
const WGS84: Ellipsoid = Ellipsoid { a: 6_378_137.0, b: 6_356_752.314_245 };

/// Scale on the central meridian.
const SCALE: f64 = 0.999_601_271_7;
const TRUE_ORIGIN_LAT_DEGREES: f64 = 49.0;
const TRUE_ORIGIN_LON_DEGREES: f64 = -2.0;
const TRUE_ORIGIN_EASTING: f64 = 400_000.0;
const TRUE_ORIGIN_NORTHING: f64 = -100_000.0;

/// Radians.
#[derive(Clone, Copy)]
struct Geodetic {
    lat: f64,
    lon: f64,
}

/// The point at an easting and northing in metres, as longitude and latitude in degrees, rounded to six decimals (a
/// tenth of a metre, far finer than the transformation). None outside the grid.
pub fn to_wgs84(easting: f64, northing: f64) -> Option<Point> {
    if !EASTINGS.contains(&easting) || !NORTHINGS.contains(&northing) {
        return None;
    }
    let on_airy = unproject(easting, northing);
    let Geodetic { lat, lon } = geodetic(osgb36_to_wgs84(cartesian(on_airy)));
    let round = |degrees: f64| libm::round(degrees * 1e6) / 1e6;
    Some(Point { x: round(lon.to_degrees()), y: round(lat.to_degrees()) })
}

/// Longitude and latitude on OSGB36, by the series of annex C (Redfearn 1948).
fn unproject(easting: f64, northing: f64) -> Geodetic {
    let (a, e2) = (AIRY_1830.a * SCALE, AIRY_1830.e2());
    let origin_lat = TRUE_ORIGIN_LAT_DEGREES.to_radians();
    let mut lat = origin_lat;
    let mut remaining = northing - TRUE_ORIGIN_NORTHING;
    // Each round shrinks the remainder about a thousandfold; five reach a hundredth of a millimetre from anywhere in
    // the grid, and the bound only keeps a mistake here from looping.
    for _ in 0..20 {
        lat += remaining / a;
        remaining = northing - TRUE_ORIGIN_NORTHING - meridional_arc(lat);
        if remaining.abs() < 0.000_01 {
            break;
        }
    }
    let sin2 = sin(lat) * sin(lat);
    let nu = a / sqrt(1.0 - e2 * sin2);
    let rho = a * (1.0 - e2) / pow(1.0 - e2 * sin2, 1.5);
    let eta2 = nu / rho - 1.0;
    let t = tan(lat);
    let t2 = t * t;
    let t4 = t2 * t2;
    let t6 = t4 * t2;
    let sec = 1.0 / cos(lat);
    let vii = t / (2.0 * rho * nu);
    let viii = t / (24.0 * rho * nu * nu * nu) * (5.0 + 3.0 * t2 + eta2 - 9.0 * t2 * eta2);
    let ix = t / (720.0 * rho * pow(nu, 5.0)) * (61.0 + 90.0 * t2 + 45.0 * t4);
    let x = sec / nu;
    let xi = sec / (6.0 * nu * nu * nu) * (nu / rho + 2.0 * t2);
    let xii = sec / (120.0 * pow(nu, 5.0)) * (5.0 + 28.0 * t2 + 24.0 * t4);
    let xiia = sec / (5040.0 * pow(nu, 7.0)) * (61.0 + 662.0 * t2 + 1320.0 * t4 + 720.0 * t6);
    let d = easting - TRUE_ORIGIN_EASTING;
    let d2 = d * d;
    Geodetic {
        lat: lat - d2 * (vii - d2 * (viii - d2 * ix)),
        lon: TRUE_ORIGIN_LON_DEGREES.to_radians() + d * (x - d2 * (xi - d2 * (xii - d2 * xiia))),
    }
}

/// Metres along the central meridian from the true origin to a latitude.
fn meridional_arc(lat: f64) -> f64 {
    let n = (AIRY_1830.a - AIRY_1830.b) / (AIRY_1830.a + AIRY_1830.b);
    let (n2, n3) = (n * n, n * n * n);
    let origin = TRUE_ORIGIN_LAT_DEGREES.to_radians();
    let (less, more) = (lat - origin, lat + origin);
    AIRY_1830.b
        * SCALE
        * ((1.0 + n + 1.25 * n2 + 1.25 * n3) * less - (3.0 * n + 3.0 * n2 + 2.625 * n3) * sin(less) * cos(more)
            + 1.875 * (n2 + n3) * sin(2.0 * less) * cos(2.0 * more)
            - 35.0 / 24.0 * n3 * sin(3.0 * less) * cos(3.0 * more))
}

/// Earth-centred metres of a point on the Airy ellipsoid.
fn cartesian(point: Geodetic) -> [f64; 3] {
    let e2 = AIRY_1830.e2();
    let nu = AIRY_1830.a / sqrt(1.0 - e2 * sin(point.lat) * sin(point.lat));
    [nu * cos(point.lat) * cos(point.lon), nu * cos(point.lat) * sin(point.lon), nu * (1.0 - e2) * sin(point.lat)]
}

/// Shifts in metres, scale in parts per million, rotations in seconds: the guide's WGS84 to OSGB36, with every sign
/// turned, as the guide allows for parameters this small.
fn osgb36_to_wgs84([x, y, z]: [f64; 3]) -> [f64; 3] {
    const SHIFT: [f64; 3] = [446.448, -125.157, 542.060];
    const SCALE: f64 = 1.0 - 20.4894e-6;
    let seconds = |seconds: f64| (seconds / 3600.0).to_radians();
    let (rx, ry, rz) = (seconds(0.1502), seconds(0.2470), seconds(0.8421));
    [
        SHIFT[0] + SCALE * x - rz * y + ry * z,
        SHIFT[1] + rz * x + SCALE * y - rx * z,
        SHIFT[2] - ry * x + rx * y + SCALE * z,
    ]
}

/// Longitude and latitude on WGS84 of earth-centred metres; heights are let go.
fn geodetic([x, y, z]: [f64; 3]) -> Geodetic {
    let e2 = WGS84.e2();
    let p = hypot(x, y);
    let mut lat = atan2(z, p * (1.0 - e2));
    // Near the surface each round gains two to three digits.
    for _ in 0..8 {
        let nu = WGS84.a / sqrt(1.0 - e2 * sin(lat) * sin(lat));
        lat = atan2(z + e2 * nu * sin(lat), p);
    }
    Geodetic { lat, lon: atan2(y, x) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Coordinates;

    fn degrees(d: f64, m: f64, s: f64) -> f64 {
        d + m / 60.0 + s / 3600.0
    }

    /// The guide's worked example (annex C), to its last printed digit: a third of a millimetre.
    #[test]
    fn the_projection_is_that_of_the_guide() {
        let point = unproject(651_409.903, 313_177.270);
        assert!((point.lat.to_degrees() - degrees(52.0, 39.0, 27.2531)).abs() < 0.000_1 / 3600.0);
        assert!((point.lon.to_degrees() - degrees(1.0, 43.0, 4.5177)).abs() < 0.000_1 / 3600.0);
    }

    /// Caister water tower. By the exact grid (Ordnance Survey's user guide to OSTN02) 651409.792 E, 313177.448 N is
    /// 52 39 28.8282 N, 1 42 57.8663 E; other programs that use the Helmert transformation give 28.723 and 57.787 for
    /// the worked example of annex C, a fifth of a metre away on the ground.
    #[test]
    fn the_datum_is_shifted_within_the_stated_accuracy() {
        let exact = Point { x: degrees(1.0, 42.0, 57.8663), y: degrees(52.0, 39.0, 28.8282) };
        let point = to_wgs84(651_409.792, 313_177.448).expect("in the grid");
        assert!(Coordinates::LonLat.metres(point, exact) < ACCURACY_METRES, "{point:?}");
        let helmert = Point { x: degrees(1.0, 42.0, 57.787), y: degrees(52.0, 39.0, 28.723) };
        let point = to_wgs84(651_409.903, 313_177.270).expect("in the grid");
        assert!(Coordinates::LonLat.metres(point, helmert) < 0.1, "{point:?}");
    }

    /// EPSG guidance note 7-2: 577274.99 E, 69740.50 N is 50 30 N, 0 30 E on OSGB36.
    #[test]
    fn a_second_published_point_agrees() {
        let point = unproject(577_274.99, 69_740.50);
        assert!((point.lat.to_degrees() - 50.5).abs() < 2e-7 && (point.lon.to_degrees() - 0.5).abs() < 2e-7);
    }

    #[test]
    fn points_off_the_grid_are_none() {
        for (easting, northing) in [(-1.0, 0.0), (700_001.0, 5.0), (5.0, 1_300_001.0), (f64::NAN, 1.0)] {
            assert_eq!(to_wgs84(easting, northing), None);
        }
    }

    /// Postcodes that were published with both kinds of coordinates.
    #[test]
    fn real_postcodes_land_where_they_were_published() {
        let path = "trafford/travel/extra_service_postcodes_cpo2025.csv";
        let Some(bytes) = crate::import::shared_data::bytes(path) else { return };
        let table = crate::import::sheet::table(path, &bytes, &mut 1_000).expect("a table");
        assert_eq!(table.len(), 16);
        for row in 0..table.len() {
            let cells: Vec<f64> =
                [2, 3, 5, 6].iter().map(|&column| table.cell(row, column).parse().expect("a number")).collect();
            let point = to_wgs84(cells[0], cells[1]).expect("in the grid");
            let published = Point { x: cells[2], y: cells[3] };
            let metres = Coordinates::LonLat.metres(point, published);
            assert!(metres < ACCURACY_METRES, "{}: {metres} m", table.cell(row, 0));
        }
    }
}
