//! What lies upstream of a need: how many child-needs of a kind have a driver, in which layer, and whether any service
//! here addresses it.
//!
//! That one kind drives another is asserted (drives.csv, each row with its source), not estimated, and is a statement
//! about populations. A driver in the same child is counted apart from one in the same area, which says nothing about
//! the child (the ecological fallacy: Robinson 1950) and is labelled ecological; a cohort's driver is ecological too,
//! because its members may not be the same children.

use crate::domain::{AreaIx, HolderIx, HolderSort, KindIx, Locality, NeedIx};
use crate::eligibility::Profiles;
use crate::solve::{Effort, StopReason};

/// A kind here and one that drives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Position in the locality's drives.
    pub link: usize,
    /// Child-needs of the driving kind, inside; 0 where it is here in an unknown number.
    pub driving: u64,
    /// Child-needs of the driven kind, inside.
    pub driven: u64,
    /// Of the driven, with the driver in the same child.
    pub in_child: u64,
    /// Of the rest, with the driver in the same cohort or area: ecological.
    pub in_area: u64,
    /// Whether a service here is of a type that meets the driver.
    pub addressed: bool,
}

/// Links whose kinds both have needs here, in the order of drives.csv. O((needs + links) log needs + needs x links
/// of a kind).
pub fn upstream(locality: &Locality, profiles: &Profiles, effort: &Effort) -> Result<Vec<Upstream>, StopReason> {
    let mut drivers_of: Vec<Vec<usize>> = vec![Vec::new(); locality.kinds().len()];
    let mut is_driver = vec![false; locality.kinds().len()];
    for (link, drive) in locality.drives().iter().enumerate() {
        drivers_of[drive.drives.ix()].push(link);
        is_driver[drive.kind.ix()] = true;
    }
    // Where each driving kind is, in whatever number: that a suppressed row is there is known.
    let mut in_holder: Vec<(HolderIx, KindIx)> = Vec::new();
    let mut in_area: Vec<(AreaIx, KindIx)> = Vec::new();
    for need in locality.needs().iter().filter(|need| is_driver[need.kind.ix()]) {
        effort.tick(2)?;
        if need.children.known() == Some(0) {
            continue;
        }
        let holder = &locality.holders()[need.holder.ix()];
        in_area.push((holder.area, need.kind));
        if holder.sort == HolderSort::Child {
            in_holder.push((need.holder, need.kind));
        }
    }
    effort.sort(&mut in_holder)?;
    effort.sort(&mut in_area)?;
    in_area.dedup();
    let mut is_here = vec![false; locality.kinds().len()];
    in_area.iter().for_each(|&(_, kind)| is_here[kind.ix()] = true);
    drivers_of.iter_mut().for_each(|links| links.retain(|&link| is_here[locality.drives()[link].kind.ix()]));
    let mut child_needs = vec![0u64; locality.kinds().len()];
    let mut found: Vec<Option<Upstream>> = vec![None; locality.drives().len()];
    for (at, need) in locality.needs().iter().enumerate() {
        let links = &drivers_of[need.kind.ix()];
        effort.tick(1 + 8 * links.len() as u64)?;
        let holder = locality.holder(NeedIx::new(at));
        let Some(children) = need.children.known().filter(|_| need.counts) else { continue };
        if !locality.areas()[holder.area.ix()].inside {
            continue;
        }
        child_needs[need.kind.ix()] += children;
        for &link in links {
            let driver = locality.drives()[link].kind;
            let addressed = || profiles.fitting_services(driver).next().is_some();
            let row = found[link].get_or_insert_with(|| Upstream {
                link,
                driving: 0,
                driven: 0,
                in_child: 0,
                in_area: 0,
                addressed: addressed(),
            });
            row.driven += children;
            if in_holder.binary_search(&(need.holder, driver)).is_ok() {
                row.in_child += children;
            } else if in_area.binary_search(&(holder.area, driver)).is_ok() {
                row.in_area += children;
            }
        }
    }
    let driving = |row: Upstream| child_needs[locality.drives()[row.link].kind.ix()];
    Ok(found.into_iter().flatten().map(|row| Upstream { driving: driving(row), ..row }).collect())
}
