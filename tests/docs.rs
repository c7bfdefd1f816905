//! What the documents promise, held to the program.

mod support;

use suffice::view::policy::echo;
use support::bundles::resident;

#[test]
fn the_policy_in_the_documents_is_the_default_policy() {
    let document = include_str!("../docs/bundle.md");
    let (_, section) = document.split_once("## policy.toml").expect("the section is there");
    let policy: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    assert!(policy.contains(&"[supply]") && policy.contains(&"[plan]"), "{policy:#?}");
    let tables = "== needs.csv\nneed, holder, kind, level, children, area\n== services.csv\n\
                  service, name, provider, types, age_min, age_max\n== offers.csv\noffer, service, area\n";
    let written = resident(&format!("{tables}== policy.toml\n{}\n", policy.join("\n")));
    assert_eq!(echo(written.locality()), echo(resident(tables).locality()));
}

#[test]
fn every_command_of_the_readme_is_one() {
    let readme = include_str!("../README.md");
    let named: Vec<&str> =
        readme.lines().filter_map(|line| line.strip_prefix("| `suffice ")?.split([' ', '`']).next()).collect();
    assert!(8 < named.len(), "{named:?}");
    for command in named {
        let help = std::process::Command::new(env!("CARGO_BIN_EXE_suffice"))
            .args([command, "--help"])
            .output()
            .expect("the program starts");
        assert!(help.status.success(), "suffice {command} --help");
        assert!(String::from_utf8_lossy(&help.stdout).contains("Example"), "suffice {command} --help has examples");
    }
}
