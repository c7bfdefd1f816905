//! `suffice demo`: the whole job on a made-up place, from the bundle to the verified answer.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::answer::{self, Answer};
use super::ending::{Ending, Failure};
use super::output::Form;
use super::search::Search;
use super::settings::Demo;
use super::{files, gaps};
use crate::domain::check::NotLoaded;
use crate::domain::{BadRows, Draft};
use crate::engine::Resident;
use crate::generate::{Options, locality};
use crate::import::bundle;
use crate::matching::Route;
use crate::report::story::{self, Story};
use crate::solve::Effort;
use crate::view::plan::PlanAsked;
use crate::view::{self, CheckDocument, ExplainDocument, GapsDocument, MatchDocument, PlanDocument, VerifyDocument};

#[derive(Serialize)]
struct DemoDocument {
    schema: &'static str,
    /// Always true: nothing in the place is real.
    generated: bool,
    check: CheckDocument,
    #[serde(rename = "match")]
    matching: MatchDocument,
    gaps: GapsDocument,
    /// Null where every need is met.
    explain: Option<ExplainDocument>,
    plan: PlanDocument,
    verify: VerifyDocument,
}

/// What the demonstration has to spend, in pence.
const BUDGET: i64 = 10_000_000;

pub(super) fn run(job: &Demo, form: Form) -> Result<Ending, Failure> {
    files::look(job.out.as_ref())?;
    let draft = locality(&Options::default());
    let (document, mut answer) = answers(draft.clone())?;
    if let Some(out) = &job.out {
        let stored =
            [answer::files(&mut answer, &Effort::unlimited()).to_vec(), gaps::all_files(&document.gaps).to_vec()]
                .concat();
        out.fill(&["bundle", "answer"], |dir| {
            bundle::write_dir(&draft, &dir.join("bundle"), false).map_err(std::io::Error::other)?;
            fs::create_dir(dir.join("answer"))?;
            files::put(&dir.join("answer"), &stored)
        })?;
    }
    form.print(&document, |document| {
        let DemoDocument { schema: _, generated: _, check, matching, gaps, explain, plan, verify } = document;
        story::page(&Story { check, matching, gaps, explain: explain.as_ref(), plan, verify })
    })?;
    let stopped = Ending::of(document.matching.reason.as_deref().or(document.gaps.reason.as_deref()));
    Ok(if document.verify.verified { stopped } else { Ending::No })
}

/// Every answer about the place, each asked as its own command would ask it.
fn answers(draft: Draft) -> Result<(DemoDocument, Answer), Failure> {
    let search = Search::start(None);
    let effort = search.effort();
    let loaded = Resident::load(draft, BadRows::Refuse, &effort).map_err(|not_loaded| match not_loaded {
        NotLoaded::Stopped(reason) => Failure::Stopped { reason, limit: None },
        // The bundle is ours, so a flaw in it is too.
        NotLoaded::Problems(problems) => {
            Failure::Backend(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
    })?;
    let check = view::check::accepted(&loaded);
    let resident = loaded.resident;
    let failed = |failure| Failure::of(Path::new("demo"), failure);
    let answer = Answer::from(view::matching::run(&resident, Route::Network, &effort).map_err(failed)?);
    let gaps =
        view::gaps::run(&resident, Route::Network, &view::gaps::GapQuestions::default(), &effort).map_err(failed)?;
    let explain = match most_telling(&gaps) {
        Some(need) => Some(view::explain::run(&resident, need, Route::Network, &effort).map_err(failed)?),
        None => None,
    };
    let asked = PlanAsked { budget: Some(BUDGET), ..PlanAsked::default() };
    let plan = view::plan::run(&resident, &asked, Route::Network, &effort).map_err(failed)?.document;
    let verify = view::verify::run(&resident, &answer.document, &answer.assignments, &answer.prices, &effort);
    let matching = answer.document.clone();
    let document =
        DemoDocument { schema: "suffice.demo/1", generated: true, check, matching, gaps, explain, plan, verify };
    Ok((document, answer))
}

/// A need that goes unmet though services that could help are there: the case with most to explain.
fn most_telling(gaps: &GapsDocument) -> Option<&str> {
    let full = gaps.unmet.iter().find(|row| row.cause == "capacity");
    full.or(gaps.unmet.first()).map(|row| row.need.as_str())
}
