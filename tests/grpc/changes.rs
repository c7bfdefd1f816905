//! Changes over the wire, and readers who go on meanwhile.

use std::collections::BTreeMap;

use suffice::grpc::pb::suffice::v1 as pb;
use suffice::service::Settings;
use tonic::Code;

use super::server::{Server, TWO_CHILDREN_ONE_PLACE, header, known, slow_to_match};
use super::{NORTH, invalid, said, support};
use pb::change::Change as What;

fn change(change: What) -> pb::Change {
    pb::Change { change: Some(change) }
}

fn places(offer: &str, capacity: i64, free: i64) -> pb::Change {
    change(What::SetPlaces(pb::SetPlaces {
        offer: offer.to_owned(),
        capacity: known(capacity),
        free: known(free),
        ..Default::default()
    }))
}

fn cy() -> pb::Need {
    pb::Need {
        need: "cy".to_owned(),
        holder: "cy".to_owned(),
        kind: "k".to_owned(),
        level: Some(2),
        children: known(1),
        area: "a".to_owned(),
        age: Some(7),
        ..Default::default()
    }
}

fn apply(changes: Vec<pb::Change>) -> pb::ApplyChangesRequest {
    pb::ApplyChangesRequest { name: NORTH.to_owned(), changes, ..Default::default() }
}

fn find(need: &str) -> pb::FindOptionsRequest {
    pb::FindOptionsRequest {
        source: Some(pb::find_options_request::Source::Name(NORTH.to_owned())),
        asked: Some(pb::find_options_request::Asked::Need(need.to_owned())),
        ..Default::default()
    }
}

fn get() -> pb::GetLocalityRequest {
    pb::GetLocalityRequest { name: NORTH.to_owned() }
}

async fn north() -> Server {
    let server = Server::start(Settings { solver_threads: 1, ..Settings::default() }).await;
    server.upload(header("north"), support::bundles::files(TWO_CHILDREN_ONE_PLACE)).await.unwrap();
    server
}

#[tokio::test]
async fn changes_make_the_revision_that_an_upload_would_make() {
    let server = north().await;
    let mut localities = server.localities().await;
    let first = localities.get_locality(get()).await.unwrap().into_inner();
    let decline = pb::Decline { need: "bo".to_owned(), offer: "oak-lane".to_owned(), ..Default::default() };
    let changes = vec![places("oak-lane", 2, 2), change(What::SetNeed(cy())), change(What::AddDecline(decline))];
    let changed = localities.apply_changes(apply(changes)).await.unwrap().into_inner();
    let second = changed.locality.unwrap();
    assert_eq!((second.needs, second.create_time), (3, first.create_time));
    assert_ne!(second.etag, first.etag);
    assert_eq!(localities.get_locality(get()).await.unwrap().into_inner(), second);

    let mut files = support::bundles::files(TWO_CHILDREN_ONE_PLACE);
    for (name, bytes) in &mut files {
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = match name.as_str() {
            "needs.csv" => format!("{text}cy,cy,k,2,1,a,7\n"),
            "offers.csv" => text.replace(",1,1", ",2,2"),
            _ => text,
        }
        .into_bytes();
    }
    files.push(("declines.csv".to_owned(), b"need,offer,reason\nbo,oak-lane,\n".to_vec()));
    let uploaded = server.upload(header("edited"), files).await.unwrap().locality.unwrap();
    assert_eq!(uploaded.digest, second.digest);

    let options = server.matching().await.find_options(find("cy")).await.unwrap().into_inner();
    assert_eq!(options.options[0].free, Some(2));
    let declined = server.matching().await.find_options(find("bo")).await.unwrap().into_inner();
    assert_eq!(declined.options, []);
    server.stop().await;
}

#[tokio::test]
async fn changes_keep_to_etag_request_id_and_validate_only() {
    let server = north().await;
    let mut localities = server.localities().await;
    let first = localities.get_locality(get()).await.unwrap().into_inner();
    let stale = pb::ApplyChangesRequest { etag: "\"stale\"".to_owned(), ..apply(vec![places("oak-lane", 2, 2)]) };
    let mismatch = (Code::Aborted, "ETAG_MISMATCH".to_owned(), vec![]);
    assert_eq!(said(&localities.apply_changes(stale).await.unwrap_err()), mismatch);

    let request_id = "123e4567-e89b-42d3-a456-426614174000".to_owned();
    let request =
        pb::ApplyChangesRequest { etag: first.etag.clone(), request_id, ..apply(vec![places("oak-lane", 2, 3)]) };
    let only_checked = pb::ApplyChangesRequest { validate_only: true, request_id: String::new(), ..request.clone() };
    let would_be = localities.apply_changes(only_checked).await.unwrap().into_inner();
    assert_eq!(localities.get_locality(get()).await.unwrap().into_inner(), first);
    let changed = localities.apply_changes(request.clone()).await.unwrap().into_inner();
    assert_eq!(would_be.locality.unwrap().digest, changed.locality.as_ref().unwrap().digest);
    let warning = &changed.warnings[0];
    assert_eq!((warning.table.as_str(), warning.column.as_deref()), ("changes[0]", Some("set_places.free")));
    // The etag is not that of the present state any more, and still the repeat has its first answer.
    assert_eq!(localities.apply_changes(request.clone()).await.unwrap().into_inner(), changed);
    let other = pb::ApplyChangesRequest { changes: vec![places("oak-lane", 1, 1)], ..request };
    let reused = (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned(), vec!["request_id".to_owned()]);
    assert_eq!(said(&localities.apply_changes(other).await.unwrap_err()), reused);
    let nowhere = pb::ApplyChangesRequest { name: format!("{NORTH}-pole"), ..apply(vec![places("oak-lane", 1, 1)]) };
    assert_eq!(said(&localities.apply_changes(nowhere).await.unwrap_err()).0, Code::NotFound);
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_changes_is_said_field_by_field() {
    let server = north().await;
    let mut localities = server.localities().await;
    assert_eq!(said(&localities.apply_changes(apply(vec![])).await.unwrap_err()), invalid(&["changes"]));
    let nothing = vec![pb::Change::default()];
    assert_eq!(said(&localities.apply_changes(apply(nothing)).await.unwrap_err()), invalid(&["changes[0]"]));
    let strange = pb::SetPlaces { offer: "oak-lane".to_owned(), status: 77, ..Default::default() };
    let strange = vec![change(What::SetPlaces(strange))];
    let fields = ["changes[0].set_places.status"];
    assert_eq!(said(&localities.apply_changes(apply(strange)).await.unwrap_err()), invalid(&fields));

    let groups = BTreeMap::from([("class".to_owned(), "a".to_owned())]);
    let changes = vec![
        change(What::SetNeed(pb::Need { level: Some(9), area: "nowhere".to_owned(), ..cy() })),
        change(What::RemoveOffer("elm-road".to_owned())),
        change(What::SetNeed(pb::Need {
            need: "di".to_owned(),
            holder: "di".to_owned(),
            groups: groups.into_iter().collect(),
            ..cy()
        })),
        places("oak-lane", -1, 0),
    ];
    let fields = [
        "changes[0].set_need.area",
        "changes[0].set_need.level",
        "changes[1].remove_offer",
        "changes[2].set_need.groups[\"class\"]",
        "changes[3].set_places.capacity",
    ];
    let by_check = (Code::InvalidArgument, "LOCALITY_REFUSED".to_owned(), fields.map(str::to_owned).to_vec());
    let before = localities.get_locality(get()).await.unwrap().into_inner();
    assert_eq!(said(&localities.apply_changes(apply(changes.clone())).await.unwrap_err()), by_check);
    let what_if = pb::WhatIfRequest { name: NORTH.to_owned(), changes, options: None };
    assert_eq!(said(&server.matching().await.what_if(what_if).await.unwrap_err()), by_check);
    assert_eq!(localities.get_locality(get()).await.unwrap().into_inner(), before, "all of them or none");
    server.stop().await;
}

#[tokio::test]
async fn a_what_if_leaves_everything_as_it_was() {
    let server = north().await;
    let mut localities = server.localities().await;
    let before = localities.get_locality(get()).await.unwrap().into_inner();
    let request = pb::WhatIfRequest { name: NORTH.to_owned(), changes: vec![places("oak-lane", 2, 2)], options: None };
    let answer = server.matching().await.what_if(request.clone()).await.unwrap().into_inner();
    let (then, now) = (answer.before.unwrap(), answer.after.unwrap());
    assert_eq!((then.met, then.unmet, now.met, now.unmet), (1, 1, 2, 0));
    assert_eq!((then.status(), now.status()), (pb::SolveStatus::Optimal, pb::SolveStatus::Optimal));
    assert_eq!(then.digest, before.digest);
    let moved = pb::PlacementChange { need: "bo".to_owned(), offer: "oak-lane".to_owned(), before: 0, after: 1 };
    assert_eq!((answer.placements, answer.placement_rows), (vec![moved], 1));
    assert_eq!(answer.offers[0].after.as_ref().unwrap().used, 2);
    assert_eq!(localities.get_locality(get()).await.unwrap().into_inner(), before);
    let changed = localities.apply_changes(apply(request.changes)).await.unwrap().into_inner().locality.unwrap();
    assert_eq!(changed.digest, now.digest, "it would have been this");
    server.stop().await;
}

/// Two offers that a change always gives the same number of places: a reader who saw one without the other would see a
/// state that never was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_one_revision_or_the_next_and_never_half_of_one() {
    const REVISIONS: i64 = 40;
    let server = north().await;
    let elm = "offer,service,x,y,capacity,free\noak-lane,s,300,400,1,1\nelm-road,s,300,400,1,1\n";
    let mut files = support::bundles::files(TWO_CHILDREN_ONE_PLACE);
    files.iter_mut().find(|(name, _)| name == "offers.csv").unwrap().1 = elm.as_bytes().to_vec();
    let any = pb::UploadHeader { etag: "*".to_owned(), ..header("north") };
    server.upload(any, files).await.unwrap();

    let mut readers = Vec::new();
    for _ in 0..3 {
        let mut matching = server.matching().await;
        readers.push(tokio::spawn(async move {
            let mut seen = BTreeMap::new();
            loop {
                let options = matching.find_options(find("ann")).await.unwrap().into_inner();
                let free: Vec<i64> = options.options.iter().map(|option| option.free.unwrap()).collect();
                assert_eq!((free.len(), free[0]), (2, free[1]), "half of a change");
                let digest = options.provenance.unwrap().locality_digest;
                assert_eq!(*seen.entry(digest).or_insert(free[0]), free[0], "a revision never changes");
                if free[0] == REVISIONS {
                    return seen;
                }
            }
        }));
    }
    let mut localities = server.localities().await;
    let mut made = BTreeMap::new();
    for number in 2..=REVISIONS {
        let changes = vec![places("oak-lane", number, number), places("elm-road", number, number)];
        let changed = localities.apply_changes(apply(changes)).await.unwrap().into_inner();
        made.insert(changed.locality.unwrap().digest, number);
    }
    for reader in readers {
        for (digest, free) in reader.await.unwrap() {
            // The revision before the first change is not among those made.
            assert!(made.get(&digest).is_none_or(|number| *number == free) && 1 <= free);
        }
    }
    server.stop().await;
}

/// On one solver thread: what takes long for a change has threads of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_reader_waits_for_a_slow_change() {
    let server = north().await;
    server.upload(header("slow"), slow_to_match(6_000, 300)).await.unwrap();
    let mut matching = server.matching().await;
    let slow = pb::WhatIfRequest {
        name: "authorities/local/localities/slow".to_owned(),
        changes: vec![places("o1", 1, 1)],
        options: None,
    };
    let asking = tokio::spawn(async move { matching.what_if(slow).await });
    server.until(|service| service.changers().running() == 1).await;
    let options = server.matching().await.find_options(find("ann")).await.unwrap().into_inner();
    assert_eq!(options.options[0].offer, "oak-lane");
    assert_eq!(server.service.changers().running(), 1, "the slow one is still at it");
    asking.abort();
    server.until(|service| service.changers().running() == 0).await;
    server.stop().await;
}

/// Writers of one locality take turns, so that no change is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_come_at_once_are_all_made() {
    let server = north().await;
    let mut writers = Vec::new();
    for number in 0..12 {
        let mut localities = server.localities().await;
        let id = format!("n{number}");
        let need = pb::Need { need: id.clone(), holder: id, ..cy() };
        let request = apply(vec![change(What::SetNeed(need))]);
        writers.push(tokio::spawn(async move { localities.apply_changes(request).await.map(drop) }));
    }
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    let locality = server.localities().await.get_locality(get()).await.unwrap().into_inner();
    assert_eq!(locality.needs, 2 + 12);
    server.stop().await;
}
