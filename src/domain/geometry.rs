//! Points and straight-line distances.

/// What the numbers of a [`Point`] mean in a locality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coordinates {
    /// Longitude and latitude in degrees (WGS84). Distances are great circles.
    LonLat,
    /// x and y in metres on a plane. Distances are Euclid's.
    Metres,
}

impl Coordinates {
    pub fn as_str(self) -> &'static str {
        match self {
            Coordinates::LonLat => "lonlat",
            Coordinates::Metres => "metres",
        }
    }

    /// Mean radius of the earth in metres (IUGG 1980, R1 = 6371.0088 km).
    pub const EARTH_RADIUS_METRES: f64 = 6_371_008.8;

    /// The straight line between two points in metres, unrounded: the haversine formula (Sinnott 1984), or Euclid.
    /// Through `libm`, so that every machine computes the same bits.
    pub fn metres(self, a: Point, b: Point) -> f64 {
        match self {
            Coordinates::LonLat => {
                let (lat_a, lat_b) = (a.y.to_radians(), b.y.to_radians());
                let half_lat = libm::sin((lat_b - lat_a) / 2.0);
                let half_lon = libm::sin((b.x - a.x).to_radians() / 2.0);
                let h = half_lat * half_lat + libm::cos(lat_a) * libm::cos(lat_b) * half_lon * half_lon;
                2.0 * Coordinates::EARTH_RADIUS_METRES * libm::asin(libm::sqrt(h.min(1.0)))
            }
            Coordinates::Metres => {
                let (dx, dy) = (b.x - a.x, b.y - a.y);
                libm::sqrt(dx * dx + dy * dy)
            }
        }
    }
}

/// A place: `x` is the longitude or easting, `y` the latitude or northing, in the locality's [`Coordinates`]. Finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

impl Point {
    /// A point in the given coordinates, or what would be one.
    pub fn checked(coordinates: Coordinates, x: f64, y: f64) -> Result<Point, &'static str> {
        let good = match coordinates {
            Coordinates::LonLat => (-180.0..=180.0).contains(&x) && (-90.0..=90.0).contains(&y),
            Coordinates::Metres => x.abs() <= Point::MAX_METRES && y.abs() <= Point::MAX_METRES,
        };
        match coordinates {
            _ if good => Ok(Point { x, y }),
            Coordinates::LonLat => Err("a longitude from -180 to 180 and a latitude from -90 to 90"),
            Coordinates::Metres => Err("x and y in metres, each from -10^9 to 10^9"),
        }
    }

    /// The greatest coordinate on a plane.
    pub const MAX_METRES: f64 = 1e9;
}
