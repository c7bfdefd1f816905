//! A skipped test is counted, or fails where what it needs was required: otherwise CI could pass by testing nothing.

mod support;

use support::{Verdict, skip_line, verdict};

#[test]
fn what_is_here_runs_required_or_not() {
    assert_eq!(verdict("python", true, ""), Verdict::Run);
    assert_eq!(verdict("python", true, "python"), Verdict::Run);
}

#[test]
fn what_is_absent_is_skipped_unless_its_name_is_required() {
    assert_eq!(verdict("python", false, ""), Verdict::Skip);
    assert_eq!(verdict("python", false, "shared,postgres"), Verdict::Skip);
    assert_eq!(verdict("python", false, "pythonista"), Verdict::Skip);
    assert_eq!(verdict("python", false, "shared, python"), Verdict::Fail);
}

#[test]
fn a_skip_is_one_line_that_ends_with_the_test() {
    assert_eq!(skip_line("python", "client::lists"), "SKIPPED: python is not here: client::lists\n");
}

#[test]
#[should_panic(expected = "no test knows how to look for \"fortune\"")]
fn an_unknown_thing_is_a_mistake_in_the_test() {
    support::require("fortune");
}
