//! What a plan is asked for on the command line.

use super::{Bundle, Solving, WrongUse};
use crate::cli::args;
use crate::cli::files::OutFolder;
use crate::planning::WHOLE;
use crate::view::plan::{FloorAsked, FundAsked, PlanAsked, PlanObjective};

#[derive(Debug)]
pub(in crate::cli) struct Plan {
    pub(in crate::cli) bundle: Bundle,
    pub(in crate::cli) asked: PlanAsked,
    pub(in crate::cli) solving: Solving,
    pub(in crate::cli) out: Option<OutFolder>,
}

/// The question behind the arguments.
pub(super) fn meant(typed: args::Plan, out: Option<OutFolder>) -> Result<Plan, WrongUse> {
    let args::Plan {
        bundle,
        budget,
        fund,
        target,
        floor,
        at_most,
        objective,
        scenario,
        lose,
        frontier,
        gap,
        solving,
        output: _,
    } = typed;
    let asked = PlanAsked {
        budget,
        funds: fund.iter().map(|text| self::fund(text)).collect::<Result<_, _>>()?,
        at_most,
        target: target.map(|text| share("--target", &text)).transpose()?,
        floors: floor.iter().map(|text| self::floor(text)).collect::<Result<_, _>>()?,
        objective: match objective {
            args::Objective::Need => PlanObjective::Need,
            args::Objective::Travel => PlanObjective::Travel,
            args::Objective::Farthest => PlanObjective::Farthest,
        },
        scenarios: scenario,
        lose,
        frontier,
        gap: f64::from(share("--gap", &gap)?) / f64::from(WHOLE),
    };
    Ok(Plan { bundle: super::bundle(bundle), asked, solving: super::solving(&solving)?, out })
}

/// FUND=PENCE. A fund's name may hold a sign of equality, a number of pence does not.
fn fund(text: &str) -> Result<FundAsked, WrongUse> {
    let parts = text.rsplit_once('=').and_then(|(fund, pence)| Some((fund.trim(), pence.trim().parse().ok()?)));
    match parts {
        Some((fund, pence)) if !fund.is_empty() => Ok(FundAsked { fund: fund.to_owned(), pence }),
        _ => Err(WrongUse::value(format!("--fund {text:?} is no FUND=PENCE, such as health=1000000"))),
    }
}

/// OF=SHARE or OF:VALUE=SHARE. Values may hold colons and signs of equality, names of columns and shares do not.
fn floor(text: &str) -> Result<FloorAsked, WrongUse> {
    let wrong = || WrongUse::value(format!("--floor {text:?} is no OF=SHARE, such as area=0.8 or kind:asd=0.9"));
    let (part, amount) = text.rsplit_once('=').ok_or_else(wrong)?;
    let (of, value) = match part.split_once(':') {
        None => (part.trim(), None),
        Some((of, value)) => (of.trim(), Some(value.trim().to_owned())),
    };
    if of.is_empty() {
        return Err(wrong());
    }
    Ok(FloorAsked { of: of.to_owned(), value, share: share("--floor", amount)? })
}

/// A share from 0 to 1 in millionths, taken digit by digit: 0.95 is 950,000 exactly.
fn share(option: &str, text: &str) -> Result<u32, WrongUse> {
    const PLACES: usize = 6;
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = digits(whole) && digits(part) && !(whole.is_empty() && part.is_empty()) && part.len() <= PLACES;
    let millionths = is_number.then(|| format!("{whole}{part:0<PLACES$}").parse::<u32>().ok()).flatten();
    millionths.filter(|share| *share <= WHOLE).ok_or_else(|| {
        WrongUse::value(format!(
            "{option} is {text:?}; it is a share from 0 to 1 with at most six decimals, such as 0.95"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::PlanAsked;
    use crate::cli::settings::Task;
    use crate::cli::settings::tests::meant;

    #[test]
    fn a_plan_is_asked_for_in_whole_pence_and_exact_shares() {
        let asked = |line: &str| -> Result<PlanAsked, String> {
            let Task::Plan(plan) = meant(line)?.task else { panic!("{line} is another command") };
            Ok(plan.asked)
        };
        let line = "plan b --target 0.95 --floor area=0.8 --floor kind:asd=.5 --fund a=b=-100 --gap 0.01";
        let found = asked(line).expect("it can be meant");
        assert_eq!((found.target, found.floors[0].share, found.floors[1].share), (Some(950_000), 800_000, 500_000));
        assert_eq!((found.floors[1].of.as_str(), found.floors[1].value.as_deref()), ("kind", Some("asd")));
        assert_eq!((found.funds[0].fund.as_str(), found.funds[0].pence, found.gap), ("a=b", -100, 0.01));
        assert_eq!(asked("plan b --budget -5").expect("money may come in").budget, Some(-5));
        for (line, why) in [
            (
                "plan b --target 95",
                "--target is \"95\"; it is a share from 0 to 1 with at most six decimals, such as 0.95",
            ),
            ("plan b --target 0.1234567", "at most six decimals"),
            ("plan b --target .", "at most six decimals"),
            ("plan b --floor area", "--floor \"area\" is no OF=SHARE, such as area=0.8 or kind:asd=0.9"),
            ("plan b --fund health=1.5", "--fund \"health=1.5\" is no FUND=PENCE, such as health=1000000"),
        ] {
            let wrong = asked(line).unwrap_err();
            assert!(wrong.contains(why), "{line}: {wrong}");
        }
    }
}
