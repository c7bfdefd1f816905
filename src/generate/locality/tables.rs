//! What the made-up locality is made from: kinds, types, services and the figures that needs are drawn by.
//!
//! A figure that was published carries its publication; every other one says that it is invented. Codes of kinds and
//! types, and what meets what, are a cut of the built-in tables.

/// Beside every figure that nobody published.
pub(super) const INVENTED: &str = "invented for the example";

/// A share of children, as two whole numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub part: u64,
    pub whole: u64,
}

const fn share(part: u64, whole: u64) -> Share {
    Share { part, whole }
}

/// Children in need at any point in the year to 31 March 2025, over children aged 0 to 17: "known to the authority".
pub(super) const KNOWN: Share = share(704_430, 12_183_016);
pub(super) const KNOWN_SOURCE: &str = "Known children: 704,430 children in need at any point in 2024-25 (Department for \
    Education, Children in need, England) of 12,183,016 aged 0 to 17 (Office for National Statistics, mid-2024)";

pub(super) const FACTORS_SOURCE: &str = "Needs of known children: episodes with each factor identified at the end of \
    assessment, of 513,250 episodes in England in 2024-25 (Department for Education, Children in need)";
pub(super) const ABSENCE_SOURCE: &str = "Absence of known children: 46 % of school-age children in need persistently \
    absent, England 2025 (Department for Education, Local authority interactive tool)";

/// Pupils with special educational needs: 14.2 % with SEN support and 5.3 % with an education, health and care plan.
pub(super) const SEND: Share = share(195, 1000);
pub(super) const SEND_SOURCE: &str = "group:send: 14.2 % of pupils with SEN support and 5.3 % with a plan, England, \
    January 2025 (Department for Education, Local authority interactive tool)";

/// Pupils known to be eligible for free school meals, here the count of holiday food need.
pub(super) const FREE_MEALS: [(&str, u64, u64, Share); 2] =
    [("5-10", 5, 10, share(247, 1000)), ("11-16", 11, 16, share(258, 1000))];
pub(super) const FREE_MEALS_SOURCE: &str = "Food need of pupils: 24.7 % of primary and 25.8 % of secondary pupils \
    known to be eligible for free school meals, England 2025 (Department for Education, Local authority interactive tool)";

pub(super) const INSECURE_HOUSING: Share = share(2, 100);
pub(super) const WISHES: Share = share(6, 100);

/// Receipt of a mental health need, and of any other.
pub(super) const RECEIPT_MENTAL_HEALTH: Share = share(252, 1000);
pub(super) const RECEIPT_OTHER: Share = share(3, 10);
pub(super) const RECEIPT_SOURCE: &str = "Receipts for mental health needs: 25.2 % of children with a disorder had seen \
    a mental health specialist (NHS Digital, Mental Health of Children and Young People in England 2017)";

pub(super) struct Rate {
    pub kind: &'static str,
    pub ages: (u64, u64),
    /// Thousandths.
    pub rate: u64,
    pub low_high: Option<(u64, u64)>,
    pub level: u64,
    pub source: &'static str,
}

const MHCYP_YOUNG: &str = "NHS Digital, Mental Health of Children and Young People in England 2017: 5.5 % of children \
    aged 2 to 4 with a mental disorder";
const MHCYP: &str = "NHS Digital, Mental Health of Children and Young People in England 2017: 12.8 % of children aged \
    5 to 19 with a mental disorder";

pub(super) const RATES: &[Rate] = &[
    Rate { kind: "IND-05", ages: (2, 4), rate: 70, low_high: Some((40, 100)), level: 2, source: INVENTED },
    Rate { kind: "IND-14", ages: (4, 4), rate: 55, low_high: None, level: 2, source: MHCYP_YOUNG },
    Rate { kind: "IND-14", ages: (5, 17), rate: 128, low_high: None, level: 2, source: MHCYP },
    Rate { kind: "CHR-02", ages: (10, 11), rate: 100, low_high: Some((50, 200)), level: 1, source: INVENTED },
];

pub(super) struct Kind {
    pub code: &'static str,
    pub label: &'static str,
    pub layer: &'static str,
    pub domain: &'static str,
    pub recipient: &'static str,
    pub ages: (u64, u64),
    /// Code of the factor in the children in need census, where there is one.
    pub cin: &'static str,
}

const fn kind(
    code: &'static str,
    label: &'static str,
    layer: &'static str,
    domain: &'static str,
    recipient: &'static str,
    ages: (u64, u64),
    cin: &'static str,
) -> Kind {
    Kind { code, label, layer, domain, recipient, ages, cin }
}

#[rustfmt::skip] // One kind a line, so that the columns can be compared.
pub(super) const KINDS: &[Kind] = &[
    kind("IND-05", "Speech, language and communication needs", "individual", "communication", "child", (0, 25), ""),
    kind("IND-14", "Concern about the child's mental health", "individual", "mental_health", "child", (4, 17), "4A"),
    kind("IND-15", "Self-harm (suspected or actual)", "individual", "mental_health", "child", (8, 17), "15A"),
    kind("IND-17", "Drug misuse by the child", "individual", "substance_use", "child", (10, 17), "2A"),
    kind("MIC-01", "Neglect", "micro", "maltreatment", "child", (0, 17), "16A"),
    kind("MIC-07", "Child subject of domestic abuse", "micro", "domestic_abuse", "child", (0, 17), "3A"),
    kind("MIC-08", "Parent or carer subject of domestic abuse", "micro", "domestic_abuse", "parent", (0, 17), "3B"),
    kind("MIC-10", "Mental health of parent or carer", "micro", "parental_health", "parent", (0, 17), "4B"),
    kind("MIC-11", "Alcohol misuse by parent or carer", "micro", "parental_substance_use", "parent", (0, 17), "1B"),
    kind("MIC-17", "Young carer", "micro", "caring_role", "child", (5, 17), "7A"),
    kind("MIC-26", "Food or material insecurity at home", "micro", "income_material", "child", (0, 17), ""),
    kind("MIC-37", "Lack of positive activities", "micro", "leisure_participation", "child", (5, 18), ""),
    kind("MES-01", "Persistent or severe absence from school", "meso", "school_engagement", "child", (5, 16), ""),
    kind("MES-06", "Missing from home or care", "meso", "extra_familial_harm", "child", (8, 17), "10A"),
    kind("EXO-03", "Insecure housing or homelessness risk", "exo", "housing", "household", (0, 17), ""),
    kind("EXO-04", "Poor transport access to services or school", "exo", "access", "area", (0, 25), ""),
    kind("EXO-09", "Digital exclusion of the household", "exo", "access", "household", (0, 25), ""),
    kind("MAC-01", "Unaccompanied asylum-seeking child", "macro", "immigration_status", "child", (0, 17), "9A"),
    kind("MAC-03", "Racism, discrimination or hate", "macro", "equity", "child", (0, 25), ""),
    kind("CHR-02", "Primary to secondary transition", "chrono", "transition", "child", (10, 12), ""),
    kind("CHR-06", "Bereavement", "chrono", "life_event", "child", (0, 18), ""),
];

/// How often a known child has a kind of need, and at which level (weights of levels 2, 3 and 4: invented).
pub(super) struct Factor {
    pub kind: &'static str,
    pub share: Share,
    pub levels: [u64; 3],
}

const fn factor(kind: &'static str, share: Share, levels: [u64; 3]) -> Factor {
    Factor { kind, share, levels }
}

/// Given to a known child for whom no other kind is drawn: the most frequent factor.
pub(super) const COMMONEST: &str = "MIC-10";

#[rustfmt::skip] // One factor a line.
pub(super) const FACTORS: &[Factor] = &[
    factor("IND-14", share(90_400, 513_250), [4, 4, 2]),
    factor("IND-15", share(25_470, 513_250), [1, 5, 4]),
    factor("IND-17", share(24_550, 513_250), [5, 4, 1]),
    factor("MIC-01", share(90_370, 513_250), [1, 6, 3]),
    factor("MIC-07", share(57_930, 513_250), [3, 5, 2]),
    factor("MIC-08", share(162_890, 513_250), [3, 5, 2]),
    factor("MIC-10", share(171_780, 513_250), [5, 4, 1]),
    factor("MIC-11", share(73_250, 513_250), [4, 5, 1]),
    factor("MIC-17", share(18_960, 513_250), [6, 3, 1]),
    factor("MES-06", share(16_940, 513_250), [0, 6, 4]),
    factor("MAC-01", share(6_340, 513_250), [0, 6, 4]),
    factor("MES-01", share(46, 100), [6, 3, 1]),
    // The rest are invented.
    factor("EXO-09", share(5, 100), [9, 1, 0]),
    factor("MAC-03", share(3, 100), [8, 2, 0]),
    factor("CHR-06", share(6, 100), [7, 3, 0]),
];

const LAW: &str = "built-in table: law or national guidance names this service";
const ROUTE: &str = "built-in table: usual referral route";

/// Kind, type, source. EXO-09 has none, and nothing here offers what MAC-03 and EXO-04 need: gaps of kind, on purpose.
pub(super) const MEETS: &[(&str, &str, &str)] = &[
    ("IND-05", "speech-language-therapy", LAW),
    ("IND-14", "mental-health-support-team", ROUTE),
    ("IND-14", "counselling", ROUTE),
    ("IND-14", "camhs-getting-help", ROUTE),
    ("IND-14", "camhs-getting-more-help", ROUTE),
    ("IND-15", "camhs-getting-more-help", LAW),
    ("IND-15", "camhs-getting-help", ROUTE),
    ("IND-17", "youth-substance-service", LAW),
    ("MIC-01", "childrens-social-work", LAW),
    ("MIC-01", "intensive-family-support", ROUTE),
    ("MIC-07", "domestic-abuse-child", LAW),
    ("MIC-08", "domestic-abuse-parent", LAW),
    ("MIC-08", "intensive-family-support", ROUTE),
    ("MIC-10", "adult-mental-health", ROUTE),
    ("MIC-10", "intensive-family-support", ROUTE),
    ("MIC-11", "parental-substance-treatment", ROUTE),
    ("MIC-17", "young-carers", LAW),
    ("MIC-26", "holiday-activities-food", LAW),
    ("MIC-37", "youth-club", LAW),
    ("MES-01", "attendance-support", LAW),
    ("MES-06", "return-home-interview", LAW),
    ("EXO-03", "housing-advice", LAW),
    ("EXO-04", "school-transport", LAW),
    ("MAC-01", "uasc-support", LAW),
    ("MAC-03", "discrimination-support", ROUTE),
    ("CHR-02", "school-transition", ROUTE),
    ("CHR-02", "mentoring", ROUTE),
    ("CHR-06", "bereavement-support", ROUTE),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Any,
    At(u64),
    /// Nobody wrote it down.
    Blank,
}

/// What is known of where the offers of a service are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    Point,
    /// Only the area is known; it has a point.
    Area,
    /// A mobile team: only the authority is known, and that has no point.
    Mobile,
    /// Comes to the family, anywhere in the authority.
    Everywhere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Places {
    Known,
    /// Nobody counted them.
    Unknown,
    /// Counted in hours; how many children that is, nobody knows.
    Hours,
    /// Counted in families, two children to a family.
    Families,
}

pub(super) struct Service {
    pub id: &'static str,
    pub name: &'static str,
    pub provider: &'static str,
    pub service_type: &'static str,
    pub ages: (Limit, Limit),
    /// None: blank.
    pub levels: Option<(u64, u64)>,
    pub setting: &'static str,
    pub target: &'static str,
    pub requires: &'static str,
    pub excludes: &'static str,
    /// Pence, invented.
    pub cost_per_place: u64,
    pub children_per_site: u64,
    /// Places in per cent of the service's part of the need, before the general scarcity. Invented.
    pub places_percent: u64,
    pub turns: u64,
    /// `reach_km` as written.
    pub reach: &'static str,
    pub site: Site,
    pub places: Places,
    pub status: &'static str,
}

/// The service that the ones below differ from.
const SERVICE: Service = Service {
    id: "",
    name: "",
    provider: "",
    service_type: "",
    ages: (Limit::Any, Limit::Any),
    levels: Some((2, 4)),
    setting: "micro",
    target: "individual",
    requires: "",
    excludes: "",
    cost_per_place: 0,
    children_per_site: 30_000,
    places_percent: 100,
    turns: 1,
    reach: "",
    site: Site::Point,
    places: Places::Known,
    status: "",
};

const fn at(min: u64, max: u64) -> (Limit, Limit) {
    (Limit::At(min), Limit::At(max))
}

pub(super) const SERVICES: &[Service] = &[
    Service {
        id: "s-attendance",
        name: "School attendance team",
        provider: "p-council",
        service_type: "attendance-support",
        ages: at(5, 16),
        levels: Some((1, 3)),
        setting: "meso",
        target: "meso",
        excludes: "registered=home",
        cost_per_place: 45_000,
        site: Site::Everywhere,
        ..SERVICE
    },
    Service {
        id: "s-bereavement",
        name: "Bereavement support for children",
        provider: "p-hospice",
        service_type: "bereavement-support",
        ages: at(5, 18),
        levels: Some((2, 3)),
        target: "chrono",
        cost_per_place: 52_000,
        places_percent: 140,
        reach: "40",
        ..SERVICE
    },
    Service {
        id: "s-camhs",
        name: "Child and adolescent mental health: getting help",
        provider: "p-health-trust",
        service_type: "camhs-getting-help",
        ages: at(5, 17),
        levels: Some((2, 3)),
        cost_per_place: 120_000,
        children_per_site: 10_000,
        places_percent: 90,
        reach: "20",
        ..SERVICE
    },
    Service {
        id: "s-camhs-more",
        name: "Child and adolescent mental health: getting more help",
        provider: "p-health-trust",
        service_type: "camhs-getting-more-help",
        ages: at(8, 17),
        levels: Some((3, 4)),
        cost_per_place: 420_000,
        children_per_site: 60_000,
        places_percent: 60,
        reach: "40",
        status: "waitlist",
        ..SERVICE
    },
    Service {
        id: "s-counselling",
        name: "Open Door youth counselling",
        provider: "p-open-door",
        service_type: "counselling",
        ages: at(11, 25),
        levels: Some((2, 3)),
        cost_per_place: 60_000,
        children_per_site: 15_000,
        places_percent: 50,
        reach: "10",
        ..SERVICE
    },
    Service {
        id: "s-counselling-junior",
        name: "Open Door junior counselling",
        provider: "p-open-door",
        service_type: "counselling",
        // A minimum was advertised; the greatest age was not.
        ages: (Limit::At(7), Limit::Blank),
        levels: None,
        cost_per_place: 58_000,
        places_percent: 20,
        reach: "10",
        ..SERVICE
    },
    Service {
        id: "s-domestic-child",
        name: "Safe Start for children",
        provider: "p-safe-start",
        service_type: "domestic-abuse-child",
        ages: at(5, 16),
        levels: Some((2, 3)),
        cost_per_place: 95_000,
        places_percent: 35,
        ..SERVICE
    },
    Service {
        id: "s-domestic-parent",
        name: "Safe Start outreach",
        provider: "p-safe-start",
        service_type: "domestic-abuse-parent",
        setting: "exo",
        target: "micro",
        cost_per_place: 150_000,
        places_percent: 70,
        reach: "25",
        ..SERVICE
    },
    Service {
        id: "s-family-support",
        name: "Intensive family support",
        provider: "p-council",
        service_type: "intensive-family-support",
        levels: Some((2, 3)),
        target: "micro",
        cost_per_place: 310_000,
        places_percent: 60,
        site: Site::Everywhere,
        places: Places::Families,
        ..SERVICE
    },
    Service {
        id: "s-holiday-food",
        name: "Holiday activities and food",
        provider: "p-council",
        service_type: "holiday-activities-food",
        ages: at(5, 16),
        levels: Some((1, 2)),
        cost_per_place: 18_000,
        children_per_site: 4_000,
        reach: "5",
        site: Site::Area,
        ..SERVICE
    },
    Service {
        id: "s-holiday-sport",
        name: "Holiday sport with lunch",
        provider: "p-leisure-trust",
        service_type: "holiday-activities-food",
        // Cuts through both age bands of the school-meal counts: a cohort straddles it.
        ages: at(8, 14),
        levels: Some((1, 2)),
        cost_per_place: 16_000,
        children_per_site: 8_000,
        places_percent: 25,
        reach: "8",
        ..SERVICE
    },
    Service {
        id: "s-housing",
        name: "Housing advice",
        provider: "p-council",
        service_type: "housing-advice",
        setting: "exo",
        target: "exo",
        cost_per_place: 38_000,
        places_percent: 120,
        reach: "40",
        ..SERVICE
    },
    Service {
        id: "s-mentoring",
        name: "Bright Path mentoring",
        provider: "p-open-door",
        service_type: "mentoring",
        ages: at(8, 18),
        levels: Some((1, 3)),
        cost_per_place: 40_000,
        places_percent: 30,
        places: Places::Hours,
        ..SERVICE
    },
    Service {
        id: "s-mhst",
        name: "Mental health support team in schools",
        provider: "p-health-trust",
        service_type: "mental-health-support-team",
        ages: at(5, 16),
        levels: Some((1, 2)),
        requires: "referral=school",
        cost_per_place: 30_000,
        children_per_site: 8_000,
        places_percent: 60,
        turns: 6,
        reach: "12",
        ..SERVICE
    },
    Service {
        id: "s-parent-alcohol",
        name: "Turning Corner family treatment",
        provider: "p-turning-corner",
        service_type: "parental-substance-treatment",
        setting: "exo",
        target: "micro",
        cost_per_place: 180_000,
        places_percent: 75,
        ..SERVICE
    },
    Service {
        id: "s-parent-mind",
        name: "Talking therapy for parents",
        provider: "p-health-trust",
        service_type: "adult-mental-health",
        setting: "exo",
        target: "micro",
        cost_per_place: 70_000,
        children_per_site: 12_000,
        places_percent: 110,
        reach: "15",
        ..SERVICE
    },
    Service {
        id: "s-return-home",
        name: "Return home interviews",
        provider: "p-council",
        service_type: "return-home-interview",
        ages: at(8, 17),
        levels: Some((3, 4)),
        cost_per_place: 22_000,
        places_percent: 150,
        site: Site::Everywhere,
        ..SERVICE
    },
    Service {
        id: "s-social-work",
        name: "Children's social work",
        provider: "p-council",
        service_type: "childrens-social-work",
        ages: at(0, 17),
        levels: Some((3, 4)),
        target: "micro",
        cost_per_place: 260_000,
        places_percent: 120,
        site: Site::Everywhere,
        ..SERVICE
    },
    Service {
        id: "s-speech",
        name: "Speech and language therapy",
        provider: "p-health-trust",
        service_type: "speech-language-therapy",
        ages: at(0, 18),
        cost_per_place: 65_000,
        children_per_site: 15_000,
        reach: "6",
        ..SERVICE
    },
    Service {
        id: "s-substance",
        name: "Turning Corner for young people",
        provider: "p-turning-corner",
        service_type: "youth-substance-service",
        ages: at(12, 24),
        cost_per_place: 88_000,
        site: Site::Mobile,
        ..SERVICE
    },
    Service {
        id: "s-transition",
        name: "Moving up: primary to secondary",
        provider: "p-school-trust",
        service_type: "school-transition",
        ages: at(10, 11),
        levels: Some((1, 2)),
        setting: "meso",
        target: "chrono",
        cost_per_place: 9_000,
        children_per_site: 9_000,
        places_percent: 130,
        reach: "7.5",
        site: Site::Area,
        ..SERVICE
    },
    Service {
        id: "s-uasc",
        name: "Unaccompanied children's team",
        provider: "p-council",
        service_type: "uasc-support",
        ages: (Limit::Any, Limit::At(25)),
        levels: Some((3, 4)),
        cost_per_place: 900_000,
        site: Site::Everywhere,
        status: "additional-assessment-required",
        ..SERVICE
    },
    Service {
        id: "s-young-carers",
        name: "Young carers project",
        provider: "p-open-door",
        service_type: "young-carers",
        ages: at(8, 17),
        levels: Some((2, 3)),
        cost_per_place: 48_000,
        places_percent: 45,
        reach: "any",
        ..SERVICE
    },
    Service {
        id: "s-youth-club",
        name: "Youth clubs",
        provider: "p-leisure-trust",
        service_type: "youth-club",
        ages: at(8, 19),
        levels: Some((1, 2)),
        cost_per_place: 12_000,
        children_per_site: 6_000,
        reach: "12",
        places: Places::Unknown,
        ..SERVICE
    },
];

/// Kind, drives, strength, source: a cut of the built-in table.
pub(super) const DRIVES: &[(&str, &str, &str, &str)] = &[
    ("IND-05", "IND-14", "moderate", "Law, Charlton and Asmussen 2017, Early Intervention Foundation (summary)"),
    ("MIC-10", "IND-14", "strong", "NHS Digital 2019, as reported by the Mental Health Foundation"),
    ("MIC-17", "MES-01", "strong", "Carers Trust 2024 on Department for Education data"),
    ("EXO-03", "MES-01", "moderate", "Shelter 2023, survey of over 800 homeless families"),
];

/// Kind, indicator, outcome, framework, source: a cut of the built-in table.
pub(super) const OUTCOMES: &[(&str, &str, &str, &str, &str)] = &[
    (
        "IND-14",
        "Children with a probable mental disorder; SDQ total difficulties falling",
        "3 Improved mental and physical health",
        "supporting-families-2022-25",
        "built-in table",
    ),
    (
        "MES-01",
        "Pupils missing 10 % or more, and 50 % or more, of sessions",
        "1 Getting a good education",
        "supporting-families-2022-25",
        "built-in table",
    ),
    (
        "MIC-08",
        "Repeat MARAC referrals within 12 months",
        "8 Safe from domestic abuse",
        "supporting-families-2022-25",
        "built-in table",
    ),
    (
        "EXO-03",
        "Children in temporary accommodation; homelessness prevented",
        "9 Secure housing",
        "supporting-families-2022-25",
        "built-in table",
    ),
];
