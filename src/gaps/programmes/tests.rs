use super::programmes;
use crate::eligibility::testing::locality;

/// The steps of Richard et al. (1996) on providers made up for them: what each does, and the step it comes to.
#[test]
fn each_provider_comes_to_its_step() {
    let locality = locality(
        "service a1 types=k provider=one setting=meso target=individual
         service a2 types=k provider=one setting=meso target=individual
         service b1 types=k provider=around setting=micro target=micro
         service b2 types=l provider=around setting=meso target=micro
         service c1 types=k provider=place setting=meso target=individual
         service c2 types=l provider=place setting=meso target=exo
         service d1 types=k provider=two setting=meso target=individual
         service d2 types=k provider=two setting=micro target=micro
         service d3 types=k provider=two
         service e1 types=k provider=wide setting=meso target=individual
         service e2 types=k provider=wide setting=micro target=micro
         service e3 types=k provider=wide setting=exo target=exo
         service f1 types=k provider=uncoded setting=meso",
    );
    let mut said = String::new();
    for found in programmes(&locality) {
        let score = found.integration.map_or("-".to_owned(), |integration| integration.score().to_string());
        let name = &locality.providers()[found.provider.ix()];
        said += &format!(
            "{name}: {score}, {} services ({} uncoded), {} strategies in {} settings\n",
            found.services, found.uncoded, found.strategies, found.settings
        );
    }
    assert_eq!(
        said,
        "around: 1, 2 services (0 uncoded), 2 strategies in 2 settings\n\
         one: 0, 2 services (0 uncoded), 1 strategies in 1 settings\n\
         place: 2, 2 services (0 uncoded), 2 strategies in 1 settings\n\
         two: 3, 3 services (1 uncoded), 2 strategies in 2 settings\n\
         uncoded: -, 1 services (1 uncoded), 0 strategies in 0 settings\n\
         wide: 4, 3 services (0 uncoded), 3 strategies in 3 settings\n"
    );
}
