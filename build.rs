//! Compiles the proto with protox, so that no protoc has to be installed, and keeps the descriptors for reflection.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use protox::prost::Message;

const SERVICES: [&str; 5] = [
    "suffice/v1/gap_service.proto",
    "suffice/v1/locality_service.proto",
    "suffice/v1/matching_service.proto",
    "suffice/v1/mismatch_service.proto",
    "suffice/v1/planning_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(SERVICES, ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("suffice.descriptors"), descriptors.encode_to_vec())?;
    // Proto comments are written for clients in every language; as Rust documentation their indented lists and bare
    // brackets would be read as code and links.
    tonic_prost_build::configure()
        .disable_comments(["."])
        .btree_map(".")
        .bytes(".suffice.v1.FileChunk.data")
        .compile_fds(descriptors)?;
    Ok(())
}
