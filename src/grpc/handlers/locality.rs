//! The locality service.

use pb::upload_locality_request::Part;
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::{Api, not_yet};
use crate::grpc::from_proto::{self, Page};
use crate::grpc::pb::suffice::v1 as pb;
use crate::grpc::to_proto;
use crate::service::{CallLimits, Error, Named, pages};

#[async_trait]
impl pb::locality_service_server::LocalityService for Api {
    async fn upload_locality(
        &self,
        request: Request<Streaming<pb::UploadLocalityRequest>>,
    ) -> Result<Response<pb::UploadLocalityResponse>, Status> {
        let limits = CallLimits { deadline: self.deadline(&request), time_limit: None };
        let mut parts = request.into_inner();
        let Some(pb::UploadLocalityRequest { part: Some(Part::Header(header)) }) = parts.message().await? else {
            return Err(Error::invalid("header", "wanted the header in the first message").into());
        };
        let order = from_proto::upload_order(header)?;
        let mut assembly = self.service.begin_upload(&order)?;
        while let Some(pb::UploadLocalityRequest { part }) = parts.message().await? {
            let Some(Part::Chunk(pb::FileChunk { file, offset, data })) = part else {
                return Err(
                    Error::invalid("chunk", "wanted a piece of a file in every message after the header").into()
                );
            };
            assembly.push(&file, offset, &data)?;
        }
        let uploaded = self.service.finish_upload(order, assembly, limits).await?;
        Ok(Response::new(to_proto::uploaded(uploaded, self.limits().message_bytes)))
    }

    async fn query_upload(
        &self,
        _: Request<pb::QueryUploadRequest>,
    ) -> Result<Response<pb::QueryUploadResponse>, Status> {
        not_yet("QueryUpload")
    }

    async fn apply_changes(
        &self,
        request: Request<pb::ApplyChangesRequest>,
    ) -> Result<Response<pb::ApplyChangesResponse>, Status> {
        let limits = CallLimits { deadline: self.deadline(&request), time_limit: None };
        let order = from_proto::change_order(request.into_inner(), self.limits())?;
        let changed = self.service.apply_changes(order, limits).await?;
        Ok(Response::new(to_proto::changed(changed, self.limits().message_bytes)))
    }

    async fn get_locality(&self, request: Request<pb::GetLocalityRequest>) -> Result<Response<pb::Locality>, Status> {
        let pb::GetLocalityRequest { name } = request.into_inner();
        let held = self.service.get(&Named::parse("name", &name)?)?;
        Ok(Response::new(to_proto::locality(&held.about)))
    }

    async fn list_localities(
        &self,
        request: Request<pb::ListLocalitiesRequest>,
    ) -> Result<Response<pb::ListLocalitiesResponse>, Status> {
        let Page { parent, after, size } = from_proto::page(request.into_inner())?;
        let (page, more) = self.service.page(&parent, after.as_ref(), size)?;
        let last = page.last().filter(|_| more).map(|held| pages::token(&parent, &held.about.name.locality));
        Ok(Response::new(pb::ListLocalitiesResponse {
            localities: page.iter().map(|held| to_proto::listed_locality(&held.about)).collect(),
            next_page_token: last.unwrap_or_default(),
        }))
    }

    async fn delete_locality(&self, request: Request<pb::DeleteLocalityRequest>) -> Result<Response<()>, Status> {
        let order = from_proto::delete_order(request.into_inner())?;
        self.service.delete(order)?;
        Ok(Response::new(()))
    }
}
