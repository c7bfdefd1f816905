//! What `suffice gaps` and `suffice measure` take beyond the matching, section by section.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use suffice::domain::{BadRows, NeedIx};
use suffice::eligibility::{Ecology, nearest_miss};
use suffice::engine::Resident;
use suffice::gaps::access::access;
use suffice::gaps::equity::{equity, receiving};
use suffice::gaps::families::families;
use suffice::gaps::outcomes::threatened;
use suffice::gaps::relaxations::Standing;
use suffice::gaps::upstream::upstream;
use suffice::gaps::{
    self, Cause, Gaps, Subgroup, Tallies, Today, cascade, need_by_receipt, overlap, providers, ranges, relaxations,
    tally,
};
use suffice::import::bundle;
use suffice::matching::{Matching, Route};
use suffice::measures::equity::Part;
use suffice::solve::Effort;
use suffice::view::{self, gaps::GapQuestions};

use super::clock::{Clock, Seconds};
use super::memory;

/// Each section by itself, as the library gives it, and both documents whole, written as JSON. The matching and the pairs
/// are there already: what is measured is beyond them.
pub fn run(name: &str, folder: &Path, threads: usize) -> Value {
    let threads = super::jobs::threads(threads);
    let effort = Effort::unlimited().on(&threads);
    let draft = bundle::read_dir(folder, &effort).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let loaded = Resident::load(draft, BadRows::Refuse, &effort);
    let resident = loaded.unwrap_or_else(|problems| panic!("{problems:#?}")).resident;
    let pairs = resident.pairs(&effort).expect("nothing stops it");
    let clock = Clock::start();
    let matching = resident.matching(Route::Network, &effort).expect("an answer");
    let matched = clock.read();
    super::whole::verify(&matching);

    let mut sections = Sections(Vec::new());
    of_gaps(&resident, &matching, &effort, &mut sections);
    of_measure(&resident, &matching, &effort, &mut sections);
    let run = || view::gaps::run(&resident, Route::Network, &GapQuestions::default(), &effort).expect("an answer");
    let document = sections.time("gaps, whole document", run);
    let gaps = sections.time("gaps, written", || serde_json::to_string_pretty(&document).expect("JSON").len());
    drop(document);
    let run = || view::measure::run(&resident, Route::Network, &effort).expect("an answer");
    let document = sections.time("measure, whole document", run);
    let measure = sections.time("measure, written", || serde_json::to_string_pretty(&document).expect("JSON").len());
    let locality = resident.locality();
    json!({
        "solver": "suffice", "version": env!("CARGO_PKG_VERSION"), "measures": name,
        "needs": locality.needs().len(), "holders": locality.holders().len(), "offers": locality.offers().len(),
        "receipts": locality.receipts().map(<[_]>::len), "declines": locality.declines().len(),
        "group_columns": locality.group_columns().len(), "classes": pairs.spots().n_classes(), "pairs": pairs.n_pairs(),
        "unmet": ranges::unmet_inside(locality, &matching), "threads": threads.current_num_threads(),
        "match_s": matched.wall, "sections": sections.into_json(), "peak_mib": memory::peak(),
        "gaps_bytes": gaps, "measure_bytes": measure,
    })
}

/// Seconds of each section, in the order in which they were measured.
struct Sections(Vec<(&'static str, Seconds)>);

impl Sections {
    fn time<R>(&mut self, name: &'static str, work: impl FnOnce() -> R) -> R {
        let clock = Clock::start();
        let result = work();
        let took = clock.read();
        self.0.push((name, took));
        result
    }

    fn into_json(self) -> Value {
        let row = |(name, Seconds { wall, cpu })| (str::to_owned(name), json!({ "wall_s": wall, "cpu_s": cpu }));
        Value::Object(self.0.into_iter().map(row).collect::<Map<_, _>>())
    }
}

fn of_gaps(resident: &Resident, matching: &Arc<Matching>, effort: &Effort, sections: &mut Sections) {
    let (locality, profiles) = (resident.locality(), resident.profiles());
    let pairs = resident.pairs(effort).expect("nothing stops it");
    let range = sections.time("range", || {
        ranges::unmet_range(locality, profiles, Some(&pairs), matching, Route::Network, effort).expect("an answer")
    });
    let reasons = sections
        .time("causes and deficient sets", || gaps::reasons(locality, profiles, Some(&pairs), matching, effort));
    sections.time("nearest misses", || {
        let asks = |cause| {
            matches!(cause, Cause::Ineligible | Cause::EligibilityUnknown | Cause::PlaceUnknown | Cause::OutOfReach)
        };
        let unmet: Vec<NeedIx> =
            reasons.unmet.iter().filter(|unmet| asks(unmet.cause)).map(|unmet| unmet.need).collect();
        let found = |needs: &[NeedIx]| needs.iter().filter_map(|&need| nearest_miss(locality, profiles, need)).count();
        effort.finish(unmet.chunks(1 << 11).collect(), found).into_iter().sum::<usize>()
    });
    let (tallies, layers) = sections.time("tables", || {
        let tallies: Tallies = tally::tallies(locality, matching, effort);
        let layers = tally::layer_matrix(locality, matching, &tallies, effort);
        (tallies, layers)
    });
    let gaps = Gaps { matching: Arc::clone(matching), range, reasons, tallies, layers };
    let points = sections.time("ecology", || {
        let ecology = Ecology::build(locality, &pairs, effort).expect("nothing stops it");
        ecology.components(effort).expect("nothing stops it");
        ecology.single_points(effort).expect("nothing stops it")
    });
    sections.time("upstream", || upstream(locality, profiles, effort).expect("nothing stops it"));
    sections.time("overlap", || overlap::find(locality, &pairs, &matching.asking, effort).expect("nothing stops it"));
    let today = sections.time("optimum today", || Today::solve(locality, matching, effort).expect("nothing stops it"));
    let standing = Standing {
        locality,
        profiles,
        declines: resident.declines(),
        pairs: &pairs,
        matching,
        unmet: &gaps.reasons.unmet,
    };
    sections.time("relaxations", || {
        relaxations::find(standing, &today, relaxations::Settings::default(), effort).expect("nothing stops it")
    });
    sections.time("loss of providers", || {
        let settings = providers::Settings::default();
        providers::losses(locality, matching, &today, &points, settings, effort).expect("nothing stops it")
    });
    sections.time("concentration", || providers::concentration(locality, profiles, effort).expect("nothing stops it"));
    sections.time("access", || access(locality, profiles, &pairs, effort).expect("nothing stops it"));
    sections.time("families", || families(locality, matching, effort).expect("nothing stops it"));
    sections.time("outcomes", || threatened(locality, &gaps.tallies).len());
    sections.time("cascade", || {
        cascade(locality, profiles, &pairs, &Subgroup::default(), effort).expect("nothing stops it")
    });
}

fn of_measure(resident: &Resident, matching: &Matching, effort: &Effort, sections: &mut Sections) {
    let locality = resident.locality();
    let pairs = resident.pairs(effort).expect("nothing stops it");
    sections.time("need by receipt", || {
        need_by_receipt(locality, resident.profiles(), &pairs, effort).expect("nothing stops it")
    });
    sections.time("equity of the met", || {
        let part = |(&with, of): (&u64, &Option<u64>)| Part { with, of: of.unwrap_or(0) };
        let met: Vec<Part> = matching.met.iter().zip(&matching.asking).map(part).collect();
        equity(locality, &met, effort).expect("nothing stops it")
    });
    sections.time("equity of receipt", || {
        let received = receiving(locality, effort).expect("nothing stops it");
        received.map(|received| equity(locality, &received, effort).expect("nothing stops it"))
    });
}
