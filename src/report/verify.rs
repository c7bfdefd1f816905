//! The page of a verification.

use super::page::Page;
use super::words::{counted, number};
use crate::view::VerifyDocument;
use crate::view::verify::VerifyCheck;

pub fn page(document: &VerifyDocument) -> String {
    let mut page = Page::new(&headline(document));
    page.section("What was checked");
    body(&mut page, document);
    page.finish()
}

/// Each check on a line.
pub(super) fn body(page: &mut Page, document: &VerifyDocument) {
    for VerifyCheck { name, held, detail } in &document.checks {
        let outcome = if *held { "holds" } else { "FAILS" };
        let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
        page.item(&format!("{outcome}: {name}{detail}"));
    }
}

/// The answer in one sentence.
pub fn headline(document: &VerifyDocument) -> String {
    let checks = document.checks.len() as u64;
    let failed = document.checks.iter().filter(|check| !check.held).count() as u64;
    if document.verified {
        format!(
            "The answer is verified: {}.",
            counted(checks, "check was made and holds", "checks were made and all hold")
        )
    } else {
        format!("The answer is NOT verified: {} of {} failed.", number(failed), counted(checks, "check", "checks"))
    }
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::report::sample;

    #[test]
    fn a_verified_answer_as_a_page() {
        insta::assert_snapshot!(page(&sample::verification(true)), @r"
        The answer is verified: 2 checks were made and all hold.

        What was checked
        ================
        - holds: no offer takes more children than it has places
        - holds: the total is what the rows add up to (1,234 in rows, 1,234 stated)
        ");
    }

    #[test]
    fn a_failed_check_is_loud() {
        insta::assert_snapshot!(page(&sample::verification(false)), @r"
        The answer is NOT verified: 1 of 2 checks failed.

        What was checked
        ================
        - holds: no offer takes more children than it has places
        - FAILS: the total is what the rows add up to (1,234 in rows, 1,234 stated)
        ");
    }
}
