//! Eligibility of one need for one offer: yes, no with *every* rule that says no, or unknown with what is not known.
//!
//! A rule is yes if it holds for every member of the need, no if for none, else unknown. Any no wins; else any unknown;
//! else yes. Each rule is one function below, in the words of the definition. They report to a listener: the table
//! of verdicts only counts, an explanation collects the reasons, and both run the same rules.

use std::fmt;

use super::facts::{NeedFacts, OfferFacts};
use crate::domain::{
    AgeLimit, AgeUnit, Id, KindIx, Level, LevelLimits, Locality, Meet, NeedIx, OfferIx, Recipient, Service, Status,
    Tag, TypeIx,
};

/// Yes, no or unknown. Ordered so that the greatest of several rules' answers is the answer of them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    Yes,
    Unknown,
    No,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Yes,
    /// At least one refusal; `unknowns` is what would still be open if those rules were lifted.
    No {
        refusals: Vec<Refusal>,
        unknowns: Vec<Unknowing>,
    },
    /// At least one.
    Unknown(Vec<Unknowing>),
}

impl Verdict {
    pub fn answer(&self) -> Answer {
        match self {
            Verdict::Yes => Answer::Yes,
            Verdict::No { .. } => Answer::No,
            Verdict::Unknown(_) => Answer::Unknown,
        }
    }
}

/// A rule that lets in no member of the need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// None of the service's types meets the kind.
    Type {
        kind: Id,
    },
    /// Everyone is younger than `limit`; the youngest is `youngest`.
    AgeBelow {
        limit: u16,
        youngest: u16,
        unit: AgeUnit,
    },
    /// Everyone is older than `limit`; the oldest is `oldest`.
    AgeAbove {
        limit: u16,
        oldest: u16,
        unit: AgeUnit,
    },
    LevelBelow {
        limit: Level,
        level: Level,
    },
    LevelAbove {
        limit: Level,
        level: Level,
    },
    /// The service takes only needs with this tag; the need has another value.
    Requires {
        tag: Tag,
        has: String,
    },
    /// The service takes no need with this tag; the need has it.
    Excludes {
        tag: Tag,
    },
}

impl Refusal {
    /// By how much the rule would have to give way to let every member in: years or months of age, levels.
    /// None where a rule has no size.
    pub fn by(&self) -> Option<u16> {
        match *self {
            Refusal::AgeBelow { limit, youngest, .. } => Some(limit - youngest),
            Refusal::AgeAbove { limit, oldest, .. } => Some(oldest - limit),
            Refusal::LevelBelow { limit, level } => Some(u16::from(limit.get() - level.get())),
            Refusal::LevelAbove { limit, level } => Some(u16::from(level.get() - limit.get())),
            Refusal::Type { .. } | Refusal::Requires { .. } | Refusal::Excludes { .. } => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Type { kind } => write!(f, "does nothing that meets {kind}"),
            Refusal::AgeBelow { limit, youngest, unit } => {
                write!(f, "takes no one below {limit} {}; the youngest is {youngest}", unit.as_str())
            }
            Refusal::AgeAbove { limit, oldest, unit } => {
                write!(f, "takes no one above {limit} {}; the oldest is {oldest}", unit.as_str())
            }
            Refusal::LevelBelow { limit, level } => write!(f, "takes level {limit} and up; the need is level {level}"),
            Refusal::LevelAbove { limit, level } => {
                write!(f, "takes level {limit} and below; the need is level {level}")
            }
            Refusal::Requires { tag, has } => {
                write!(f, "takes only needs with {}={}; this one has {}={has}", tag.name, tag.value, tag.name)
            }
            Refusal::Excludes { tag } => write!(f, "takes no need with {}={}", tag.name, tag.value),
        }
    }
}

/// Something a rule needs and nobody has written down, or on which the members of the need differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknowing {
    /// `age_min` or `age_max` of the service is blank.
    AgeLimitBlank,
    /// The service has an age limit and the ages of the need are not known.
    NeedAgeBlank,
    /// Some members are on one side of the limit and some on the other: the need should be split there.
    Straddles { limit: u16, unit: AgeUnit },
    /// The need does not say which value of this tag it has.
    TagMissing { name: String },
    /// The offer's status: an additional assessment decides.
    Assessment,
}

impl fmt::Display for Unknowing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unknowing::AgeLimitBlank => f.write_str("an age limit of the service is blank"),
            Unknowing::NeedAgeBlank => f.write_str("the service has an age limit and the need has no age"),
            Unknowing::Straddles { limit, unit } => {
                write!(
                    f,
                    "only some members are within the age limit of {limit} {}: split the need there",
                    unit.as_str()
                )
            }
            Unknowing::TagMissing { name } => write!(f, "the need does not say what its {name} is"),
            Unknowing::Assessment => f.write_str("an additional assessment decides"),
        }
    }
}

/// Whether `offer` may take `need`, directly from the definitions. O(rules of the service).
pub fn judge(locality: &Locality, need: NeedIx, offer: OfferIx) -> Verdict {
    judge_facts(locality, &NeedFacts::of(locality, need), &OfferFacts::of(locality, offer))
}

/// As [`judge`], for a need or an offer that need not be stored.
pub fn judge_facts(locality: &Locality, need: &NeedFacts, offer: &OfferFacts) -> Verdict {
    let mut reasons = Reasons::default();
    service_rules(locality, need, offer.service, &mut reasons);
    status_rule(offer.status, &mut reasons);
    reasons.verdict()
}

/// As [`judge`], but only whether, not why, and without the offer's status. Allocates nothing.
pub(super) fn answer_of_service(locality: &Locality, need: &NeedFacts, service: &Service) -> Answer {
    let mut answer = Answer::Yes;
    service_rules(locality, need, service, &mut answer);
    answer
}

/// Why, without the offer's status.
pub(super) fn verdict_of_service(locality: &Locality, need: &NeedFacts, service: &Service) -> Verdict {
    let mut reasons = Reasons::default();
    service_rules(locality, need, service, &mut reasons);
    reasons.verdict()
}

/// An offer's own part of the verdict: what remains of `answer`, which is its service's, under its status.
pub(super) fn under_status(mut answer: Answer, status: Option<Status>) -> Answer {
    status_rule(status, &mut answer);
    answer
}

/// The lines of meets.csv for a kind, sorted by type. O(log meets).
pub(super) fn meets_of(locality: &Locality, kind: KindIx) -> &[Meet] {
    let meets = locality.meets();
    let from = meets.partition_point(|meet| meet.kind < kind);
    let to = meets.partition_point(|meet| meet.kind <= kind);
    &meets[from..to]
}

/// The line of meets.csv that joins a kind and a type.
pub(super) fn meet(locality: &Locality, kind: KindIx, service_type: TypeIx) -> Option<&Meet> {
    let meets = locality.meets();
    let at = meets.binary_search_by_key(&(kind, service_type), |meet| (meet.kind, meet.service_type)).ok()?;
    Some(&meets[at])
}

/// Hears each rule that is not a plain yes. Reasons are closures: who only counts does not pay for words.
trait Listener {
    fn no(&mut self, why: impl FnOnce() -> Refusal);
    fn unknown(&mut self, what: impl FnOnce() -> Unknowing);
}

impl Listener for Answer {
    fn no(&mut self, _: impl FnOnce() -> Refusal) {
        *self = Answer::No;
    }

    fn unknown(&mut self, _: impl FnOnce() -> Unknowing) {
        *self = (*self).max(Answer::Unknown);
    }
}

#[derive(Default)]
struct Reasons {
    refusals: Vec<Refusal>,
    unknowns: Vec<Unknowing>,
}

impl Listener for Reasons {
    fn no(&mut self, why: impl FnOnce() -> Refusal) {
        self.refusals.push(why());
    }

    /// Two blank limits, or two rules on one missing tag, are one thing to find out.
    fn unknown(&mut self, what: impl FnOnce() -> Unknowing) {
        let what = what();
        if !self.unknowns.contains(&what) {
            self.unknowns.push(what);
        }
    }
}

impl Reasons {
    fn verdict(self) -> Verdict {
        let Reasons { refusals, unknowns } = self;
        match (refusals.is_empty(), unknowns.is_empty()) {
            (true, true) => Verdict::Yes,
            (true, false) => Verdict::Unknown(unknowns),
            (false, _) => Verdict::No { refusals, unknowns },
        }
    }
}

fn service_rules(locality: &Locality, need: &NeedFacts, service: &Service, listener: &mut impl Listener) {
    type_rule(locality, need.kind, service, listener);
    // An age rule speaks of the child; where a parent, a household or an area takes part, it binds nobody.
    if locality.kinds()[need.kind.ix()].recipient == Recipient::Child {
        age_rules(locality.about().ages, need, service, listener);
    }
    level_rules(need.level, service.levels, listener);
    tag_rules(need, service, listener);
}

fn type_rule(locality: &Locality, kind: KindIx, service: &Service, listener: &mut impl Listener) {
    if !service.types.iter().any(|&service_type| meet(locality, kind, service_type).is_some()) {
        listener.no(|| Refusal::Type { kind: locality.kinds()[kind.ix()].id.clone() });
    }
}

fn age_rules(unit: AgeUnit, need: &NeedFacts, service: &Service, listener: &mut impl Listener) {
    match (service.ages.min, need.ages) {
        (AgeLimit::Any, _) => {}
        (AgeLimit::Unknown, _) => listener.unknown(|| Unknowing::AgeLimitBlank),
        (AgeLimit::At(_), None) => listener.unknown(|| Unknowing::NeedAgeBlank),
        (AgeLimit::At(limit), Some(ages)) if ages.max() < limit => {
            listener.no(|| Refusal::AgeBelow { limit, youngest: ages.min(), unit });
        }
        (AgeLimit::At(limit), Some(ages)) if ages.min() < limit => {
            listener.unknown(|| Unknowing::Straddles { limit, unit });
        }
        (AgeLimit::At(_), Some(_)) => {}
    }
    match (service.ages.max, need.ages) {
        (AgeLimit::Any, _) => {}
        (AgeLimit::Unknown, _) => listener.unknown(|| Unknowing::AgeLimitBlank),
        (AgeLimit::At(_), None) => listener.unknown(|| Unknowing::NeedAgeBlank),
        (AgeLimit::At(limit), Some(ages)) if limit < ages.min() => {
            listener.no(|| Refusal::AgeAbove { limit, oldest: ages.max(), unit });
        }
        (AgeLimit::At(limit), Some(ages)) if limit < ages.max() => {
            listener.unknown(|| Unknowing::Straddles { limit, unit });
        }
        (AgeLimit::At(_), Some(_)) => {}
    }
}

fn level_rules(level: Level, limits: LevelLimits, listener: &mut impl Listener) {
    if level < limits.min {
        listener.no(|| Refusal::LevelBelow { limit: limits.min, level });
    }
    if limits.max < level {
        listener.no(|| Refusal::LevelAbove { limit: limits.max, level });
    }
}

fn tag_rules(need: &NeedFacts, service: &Service, listener: &mut impl Listener) {
    for tag in &service.requires {
        match need.tag(&tag.name) {
            Some(value) if value == tag.value => {}
            Some(value) => listener.no(|| Refusal::Requires { tag: tag.clone(), has: value.to_owned() }),
            None => listener.unknown(|| Unknowing::TagMissing { name: tag.name.clone() }),
        }
    }
    for tag in &service.excludes {
        match need.tag(&tag.name) {
            Some(value) if value == tag.value => listener.no(|| Refusal::Excludes { tag: tag.clone() }),
            Some(_) => {}
            None => listener.unknown(|| Unknowing::TagMissing { name: tag.name.clone() }),
        }
    }
}

fn status_rule(status: Option<Status>, listener: &mut impl Listener) {
    if status == Some(Status::AdditionalAssessmentRequired) {
        listener.unknown(|| Unknowing::Assessment);
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Verdict, judge};
    use crate::eligibility::testing::locality;

    /// The verdict on need `n` and offer `o`, as its reasons in words.
    fn verdict(text: &str) -> String {
        let place = locality(&format!("area a at=0,0\n{text}\noffer o service=s at=0,0"));
        say(judge(&place, place.find_need("n").unwrap(), place.find_offer("o").unwrap()))
    }

    fn say(verdict: Verdict) -> String {
        let (answer, mut words) = match verdict {
            Verdict::Yes => return "yes".to_owned(),
            Verdict::No { refusals, unknowns } => {
                let by = refusals.iter().map(|refusal| match refusal.by() {
                    Some(by) => format!("{refusal} (by {by})"),
                    None => refusal.to_string(),
                });
                ("no", by.chain(unknowns.iter().map(|unknown| format!("? {unknown}"))).collect::<Vec<_>>())
            }
            Verdict::Unknown(unknowns) => ("unknown", unknowns.iter().map(ToString::to_string).collect()),
        };
        words.insert(0, answer.to_owned());
        words.join(" | ")
    }

    #[test]
    fn ages_are_yes_for_all_no_for_none_else_unknown() {
        for (need, service, wanted) in [
            ("age=5", "5..11", "yes"),
            ("age=11", "5..11", "yes"),
            ("ages=5-11", "5..11", "yes"),
            ("age=4", "5..11", "no | takes no one below 5 years; the youngest is 4 (by 1)"),
            ("ages=2-4", "5..11", "no | takes no one below 5 years; the youngest is 2 (by 3)"),
            ("ages=12-14", "5..11", "no | takes no one above 11 years; the oldest is 14 (by 3)"),
            (
                "ages=4-5",
                "5..11",
                "unknown | only some members are within the age limit of 5 years: split the need there",
            ),
            (
                "ages=4-12",
                "5..11",
                "unknown | only some members are within the age limit of 5 years: split the need there \
                 | only some members are within the age limit of 11 years: split the need there",
            ),
            ("age=4", "any..11", "yes"),
            ("age=40", "any..any", "yes"),
            ("", "any..any", "yes"),
            ("", "any..11", "unknown | the service has an age limit and the need has no age"),
            ("", "5..11", "unknown | the service has an age limit and the need has no age"),
            ("age=4", "?..?", "unknown | an age limit of the service is blank"),
            (
                "age=12",
                "?..11",
                "no | takes no one above 11 years; the oldest is 12 (by 1) | ? an age limit of the service is blank",
            ),
        ] {
            let text = format!("need n kind=k area=a {need}\nservice s types=k ages={service}");
            assert_eq!(verdict(&text), wanted, "{text}");
        }
    }

    #[test]
    fn age_rules_bind_only_the_child() {
        let text = |recipient| {
            format!("kind k recipient={recipient}\nneed n kind=k area=a age=4\nservice s types=k ages=5..?")
        };
        for recipient in ["parent", "household", "area"] {
            assert_eq!(verdict(&text(recipient)), "yes", "{recipient}");
        }
        assert!(verdict(&text("child")).starts_with("no | takes no one below 5"));
    }

    #[test]
    fn levels_have_two_ends() {
        for (level, limits, wanted) in [
            (2, "2-3", "yes"),
            (3, "2-3", "yes"),
            (1, "2-3", "no | takes level 2 and up; the need is level 1 (by 1)"),
            (4, "1-2", "no | takes level 2 and below; the need is level 4 (by 2)"),
        ] {
            let text = format!("need n kind=k area=a level={level}\nservice s types=k levels={limits}");
            assert_eq!(verdict(&text), wanted, "{text}");
        }
    }

    #[test]
    fn a_missing_tag_is_unknown_and_another_value_is_not() {
        for (tags, rules, wanted) in [
            ("tags=send:yes", "requires=send:yes", "yes"),
            ("tags=send:no", "requires=send:yes", "no | takes only needs with send=yes; this one has send=no"),
            ("", "requires=send:yes", "unknown | the need does not say what its send is"),
            ("tags=sex:f", "excludes=sex:f", "no | takes no need with sex=f"),
            ("tags=sex:m", "excludes=sex:f", "yes"),
            ("", "excludes=sex:f", "unknown | the need does not say what its sex is"),
            ("", "requires=send:yes excludes=send:no", "unknown | the need does not say what its send is"),
            (
                "tags=sex:f",
                "requires=send:yes excludes=sex:f",
                "no | takes no need with sex=f | ? the need does not say what its send is",
            ),
        ] {
            let text = format!("need n kind=k area=a {tags}\nservice s types=k {rules}");
            assert_eq!(verdict(&text), wanted, "{text}");
        }
    }

    #[test]
    fn a_kind_is_met_through_types() {
        let text = "meets k therapy\nneed n kind=k area=a\nservice s types=therapy";
        assert_eq!(verdict(text), "yes");
        let text = "meets k therapy\nneed n kind=k area=a\nservice s types=k";
        assert_eq!(verdict(text), "no | does nothing that meets k");
    }

    #[test]
    fn every_refusing_rule_is_named() {
        let text = "need n kind=k area=a age=3 level=1 tags=sex:f
                    service s types=other ages=5..11 levels=2-4 requires=sex:m excludes=sex:f";
        assert_eq!(verdict(text).matches(" | ").count(), 5, "{}", verdict(text));
    }

    #[test]
    fn an_assessment_leaves_it_open_but_not_past_a_no() {
        for (level, wanted) in [(1, Answer::Unknown), (4, Answer::No)] {
            let place = locality(&format!(
                "area a at=0,0
                 need n kind=k area=a level={level}
                 service s types=k levels=1-2
                 offer o service=s at=0,0 status=additional-assessment-required"
            ));
            let verdict = judge(&place, place.find_need("n").unwrap(), place.find_offer("o").unwrap());
            assert_eq!(verdict.answer(), wanted);
            assert!(say(verdict).contains("an additional assessment decides"));
        }
    }
}
