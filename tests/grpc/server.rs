//! The real server on a port of its own, and what tests send to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use suffice::grpc::pb::suffice::v1 as pb;
use suffice::grpc::{ServeError, serve};
use suffice::service::{Service, Settings};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::timeout;
use tonic::Status;
use tonic::transport::Channel;

use pb::gap_service_client::GapServiceClient;
use pb::locality_service_client::LocalityServiceClient;
use pb::matching_service_client::MatchingServiceClient;

/// Far more than anything here takes on a busy machine; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Server {
    pub address: SocketAddr,
    pub service: Arc<Service>,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub async fn start(settings: Settings) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its number");
        let service = Arc::new(Service::start(settings).expect("solver threads"));
        let (stop, stopped) = oneshot::channel();
        let serving = serve(listener, service.clone(), async {
            // A test that ends without a word stops its server too.
            let _ = stopped.await;
        });
        Server { address, service, stop: Some(stop), ended: tokio::spawn(serving) }
    }

    pub async fn channel(&self) -> Channel {
        let uri = format!("http://{}", self.address);
        Channel::from_shared(uri).expect("an address").connect().await.expect("the server listens")
    }

    pub async fn matching(&self) -> MatchingServiceClient<Channel> {
        MatchingServiceClient::new(self.channel().await).max_decoding_message_size(64 << 20)
    }

    pub async fn gaps(&self) -> GapServiceClient<Channel> {
        GapServiceClient::new(self.channel().await)
    }

    pub async fn localities(&self) -> LocalityServiceClient<Channel> {
        LocalityServiceClient::new(self.channel().await)
    }

    pub fn say_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Stops and waits for the end.
    pub async fn stop(mut self) {
        self.say_stop();
        timeout(PATIENCE, self.ended)
            .await
            .expect("the server ends")
            .expect("without a panic")
            .expect("without an error");
    }

    /// Waits until `done` says so.
    pub async fn until(&self, done: impl Fn(&Service) -> bool) {
        let waiting = async {
            while !done(&self.service) {
                yield_now().await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("it came to pass");
    }
}

/// Two children, one place: `ann` (level 3) is met and `bo` (level 1) is not.
pub fn two_children_one_place() -> pb::InlineLocality {
    let need = |need: &str, level| pb::Need {
        need: need.to_owned(),
        holder: need.to_owned(),
        kind: "k".to_owned(),
        level: Some(level),
        children: known(1),
        area: "a".to_owned(),
        age: Some(7),
        ..Default::default()
    };
    pb::InlineLocality {
        settings: Some(pb::LocalitySettings {
            name: "Test".to_owned(),
            reference_date: "2024-06-30".to_owned(),
            period: "2024".to_owned(),
            coordinates: pb::Coordinates::Metres.into(),
            ..Default::default()
        }),
        areas: vec![pb::Area {
            area: "a".to_owned(),
            name: "Area A".to_owned(),
            x: Some(0.0),
            y: Some(0.0),
            ..Default::default()
        }],
        needs: vec![need("ann", 3), need("bo", 1)],
        services: vec![pb::Service {
            service: "s".to_owned(),
            name: "Oak Lane".to_owned(),
            provider: "p".to_owned(),
            types: vec!["k".to_owned()],
            age_min: age(5),
            age_max: any_age(),
            level_min: Some(1),
            level_max: Some(4),
            ..Default::default()
        }],
        offers: vec![pb::Offer {
            offer: "oak-lane".to_owned(),
            service: "s".to_owned(),
            x: Some(300.0),
            y: Some(400.0),
            capacity: known(1),
            free: known(1),
            ..Default::default()
        }],
        kinds: vec![pb::Kind {
            kind: "k".to_owned(),
            label: "A kind".to_owned(),
            layer: pb::Layer::Individual.into(),
            domain: "health".to_owned(),
            ..Default::default()
        }],
        ..Default::default()
    }
}

pub fn known(number: i64) -> Option<pb::Count> {
    Some(pb::Count { state: Some(pb::count::State::Known(number)) })
}

pub fn age(age: i32) -> Option<pb::AgeLimit> {
    Some(pb::AgeLimit { limit: Some(pb::age_limit::Limit::Age(age)) })
}

pub fn any_age() -> Option<pb::AgeLimit> {
    Some(pb::AgeLimit { limit: Some(pb::age_limit::Limit::Any(true)) })
}

/// The same two children and one place as files.
pub const TWO_CHILDREN_ONE_PLACE: &str = "
    == areas.csv
    area,name,x,y
    a,Area A,0,0
    == needs.csv
    need,holder,kind,level,children,area,age
    ann,ann,k,3,1,a,7
    bo,bo,k,1,1,a,7
    == services.csv
    service,name,provider,types,age_min,age_max,level_min,level_max
    s,Oak Lane,p,k,5,any,1,4
    == offers.csv
    offer,service,x,y,capacity,free
    oak-lane,s,300,400,1,1
    == kinds.csv
    kind,label,layer,domain
    k,A kind,individual,health
";

pub fn header(locality_id: &str) -> pb::UploadHeader {
    pb::UploadHeader {
        parent: "authorities/local".to_owned(),
        locality_id: locality_id.to_owned(),
        ..Default::default()
    }
}

/// The messages of an upload, each file cut into pieces of at most `piece` bytes.
pub fn messages(
    header: pb::UploadHeader,
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
    piece: usize,
) -> Vec<pb::UploadLocalityRequest> {
    use pb::upload_locality_request::Part;
    let mut messages = vec![pb::UploadLocalityRequest { part: Some(Part::Header(header)) }];
    for (file, bytes) in files {
        let mut offset = 0;
        for data in bytes.chunks(piece) {
            let data = bytes::Bytes::copy_from_slice(data);
            let length = i64::try_from(data.len()).expect("a piece is short");
            let chunk = pb::FileChunk { file: file.clone(), offset, data };
            offset += length;
            messages.push(pb::UploadLocalityRequest { part: Some(Part::Chunk(chunk)) });
        }
    }
    messages
}

impl Server {
    pub async fn upload(
        &self,
        header: pb::UploadHeader,
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
    ) -> Result<pb::UploadLocalityResponse, Status> {
        let messages = messages(header, files, 1 << 20);
        let answer = self.localities().await.upload_locality(tokio_stream::iter(messages)).await?;
        Ok(answer.into_inner())
    }
}

/// A locality whose matching takes far longer than a test waits: every child may go everywhere, with three objectives
/// that pull in different directions.
pub fn slow_to_match(children: usize, offers: usize) -> Vec<(String, Vec<u8>)> {
    use std::fmt::Write;
    let mut needs = "need,holder,kind,level,children,area,age,x,y\n".to_owned();
    for at in 0..children {
        let (level, x, y) = (1 + at % 4, at * 7919 % 10_007, at * 104_729 % 10_009);
        writeln!(needs, "n{at},n{at},k,{level},1,a,7,{x},{y}").expect("text grows");
    }
    let mut services = "service,name,provider,types,age_min,age_max,level_min,level_max,cost_per_place\n".to_owned();
    let mut places = "offer,service,x,y,capacity,free,reach_km\n".to_owned();
    for at in 0..offers {
        let (cost, x, y) = (100 + at * 31 % 97, at * 15_485_863 % 10_007, at * 32_452_843 % 10_009);
        writeln!(services, "s{at},S,p{at},k,any,any,1,4,{cost}").expect("text grows");
        writeln!(places, "o{at},s{at},{x},{y},{},1,any", children / offers).expect("text grows");
    }
    let about = "name = \"Slow\"\nreference_date = 2024-06-30\nperiod = 2024\ncoordinates = \"metres\"\n";
    let files = [
        ("locality.toml", about.to_owned()),
        ("areas.csv", "area,name,x,y\na,Area A,0,0\n".to_owned()),
        ("needs.csv", needs),
        ("services.csv", services),
        ("offers.csv", places),
        ("kinds.csv", "kind,label,layer,domain\nk,A kind,individual,health\n".to_owned()),
    ];
    files.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect()
}
