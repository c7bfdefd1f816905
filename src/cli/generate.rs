//! `suffice generate`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ending::{Ending, Failure};
use super::output::Form;
use super::settings::{Generate, Generated};
use crate::domain::Draft;
use crate::generate::{Instance, locality};
use crate::import::bundle;
use crate::report::{Align, Table, WIDTH};

#[derive(Serialize)]
struct GenerateDocument {
    schema: &'static str,
    /// Always true: nothing in the bundle is real.
    generated: bool,
    out: String,
    /// Rows by table.
    rows: BTreeMap<String, u64>,
}

pub(super) fn run(job: &Generate, form: Form) -> Result<Ending, Failure> {
    job.out.look()?;
    let draft = match &job.what {
        Generated::Place(options) => locality(options),
        Generated::Instance(params) => Instance::generate(params).to_draft(),
    };
    bundle::write_dir(&draft, job.out.path(), job.out.replaces())?;
    form.print(&document(&draft, job), page)?;
    Ok(Ending::Done)
}

fn document(draft: &Draft, job: &Generate) -> GenerateDocument {
    GenerateDocument {
        schema: "suffice.generate/1",
        generated: true,
        out: job.out.path().display().to_string(),
        rows: draft.tables.iter().map(|(name, table)| (name.clone(), table.len() as u64)).collect(),
    }
}

fn page(document: &GenerateDocument) -> String {
    let mut table = Table::new([("Table", Align::Left), ("Rows", Align::Right)]);
    for (name, rows) in &document.rows {
        table.push([name.clone(), rows.to_string()]);
    }
    format!(
        "A made-up bundle was written to {}: nothing in it is real.\n\n{}\nNext: suffice check {}\n",
        document.out,
        table.render(WIDTH),
        document.out
    )
}
