use super::*;

/// The table of known instances: checksum, arcs, needs without an arc, capacity, sum of weights.
fn check(params: &Params, checksum: &str, n_arcs: usize, without: usize, capacity: u64, weight: u64) {
    let instance = Instance::generate(params);
    assert_eq!(format!("{:016x}", instance.arc_checksum()), checksum);
    assert_eq!(instance.arcs.service.len(), n_arcs);
    assert_eq!(instance.arcs.starts.windows(2).filter(|ends| ends[0] == ends[1]).count(), without);
    assert_eq!(instance.services.iter().map(|service| service.capacity).sum::<u64>(), capacity);
    assert_eq!(instance.needs.iter().map(|need| u64::from(need.weight)).sum::<u64>(), weight);
}

#[test]
fn s_is_the_known_instance() {
    check(&Params::S, "cef4493e5b7c919d", 3_962, 475, 1_351, 71_325);
}

#[test]
fn m_is_the_known_instance() {
    check(&Params::M, "6737d21b63e65141", 47_373, 589, 6_860, 345_502);
}

#[test]
fn l_is_the_known_instance() {
    check(&Params::L, "ac9a690dfc72a7a7", 1_289_835, 822, 69_489, 3_481_461);
}

#[test]
fn the_first_rows_of_s_are_those_that_were_published() {
    let instance = Instance::generate(&Params::S);
    let need = |i: usize| {
        let InstanceNeed { kind, tier, age, at, area, weight } = &instance.needs[i];
        format!("{kind},{tier},{age},{},{},{area},{weight}", at.x, at.y)
    };
    assert_eq!(need(0), "16,1,0,14343,85821,30,9");
    assert_eq!(need(1), "36,3,5,9551,86611,19,63");
    assert_eq!(need(50), "24,4,23,49999,8889,25,100");
    let service = &instance.services[2];
    assert_eq!(service.kinds, 1 << 3 | 1 << 5 | 1 << 7);
    assert_eq!((service.tiers.clone(), service.ages.clone()), (2..=4, 5..=18));
    assert_eq!((service.at.x, service.at.y), (84_905, 39_518));
    assert_eq!((service.radius, service.capacity, service.unit_cost), (35_000, 17, 499));
}

#[test]
fn snapped_needs_stand_at_their_area() {
    let instance = Instance::generate(&Params::new(300, 10, 7).unwrap().snapped());
    for need in &instance.needs {
        assert_eq!(need.at, instance.areas[need.area as usize]);
    }
}

#[test]
fn sizes_out_of_range_are_refused_with_what_would_be_right() {
    let error = Params::new(0, 1, 1).unwrap_err();
    assert_eq!(error.to_string(), "needs is 0; it can be 1 to 20000000");
    assert!(Params::new(1, 0, 1).is_err());
    assert!(Params::S.radius_percent(10_001).is_err());
    assert!(Params::S.fill_percent(10_001).is_err());
}

#[test]
fn the_largest_and_smallest_parameters_do_not_overflow() {
    for percent in [0, Params::MAX_PERCENT] {
        let params = Params::new(1, 1, u64::MAX).unwrap().radius_percent(percent).unwrap().fill_percent(percent);
        let instance = Instance::generate(&params.unwrap());
        assert_eq!(instance.services[0].capacity, (percent / 100).max(1));
    }
}

/// The bundle read back as text, by rules written out anew here: its eligible pairs and costs are the arcs.
#[test]
fn the_bundle_has_exactly_the_arcs() {
    let instance = Instance::generate(&Params::S);
    let draft = instance.to_draft();
    let column = |table: &str, name: &str| -> Vec<String> {
        let table = &draft.tables[table];
        let at = table.header().iter().position(|header| header == name).unwrap();
        (0..table.len()).map(|row| table.cell(row, at).to_owned()).collect()
    };
    let numbers = |table: &str, name: &str| -> Vec<f64> {
        column(table, name).iter().map(|cell| cell.parse().unwrap()).collect()
    };

    assert_eq!(column("services", "service"), column("offers", "service"), "one offer for each service, in order");
    let (types, kind) = (column("services", "types"), column("needs", "kind"));
    let (age_min, age_max, age) =
        (numbers("services", "age_min"), numbers("services", "age_max"), numbers("needs", "age"));
    let (level_min, level_max, level) =
        (numbers("services", "level_min"), numbers("services", "level_max"), numbers("needs", "level"));
    let (offer_x, offer_y, reach_km) = (numbers("offers", "x"), numbers("offers", "y"), numbers("offers", "reach_km"));
    let (need_x, need_y, cost) = (numbers("needs", "x"), numbers("needs", "y"), numbers("services", "cost_per_place"));

    let mut pairs = Vec::new();
    for need in 0..kind.len() {
        for offer in 0..types.len() {
            let metres = ((need_x[need] - offer_x[offer]).powi(2) + (need_y[need] - offer_y[offer]).powi(2)).sqrt();
            if types[offer].split(';').any(|service_type| service_type == kind[need])
                && (age_min[offer]..=age_max[offer]).contains(&age[need])
                && (level_min[offer]..=level_max[offer]).contains(&level[need])
                && metres <= reach_km[offer] * 1000.0
            {
                pairs.push((need, offer as u32, (cost[offer] + 3.0 * (metres / 1000.0).floor()) as u32));
            }
        }
    }

    let arcs = &instance.arcs;
    let expected: Vec<_> = (0..instance.needs.len())
        .flat_map(|need| (arcs.starts[need]..arcs.starts[need + 1]).map(move |arc| (need, arc)))
        .map(|(need, arc)| (need, arcs.service[arc], arcs.cost[arc]))
        .collect();
    assert_eq!(pairs, expected);

    let weights: Vec<f64> = instance.needs.iter().map(|need| f64::from(need.weight)).collect();
    assert_eq!(numbers("needs", "weight"), weights);
    let places: Vec<f64> = instance.services.iter().map(|service| service.capacity as f64).collect();
    assert_eq!(numbers("offers", "capacity"), places);
}
