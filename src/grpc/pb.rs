//! Messages, clients and servers as generated from `proto/`.

// Generated code is not ours to style.
#![allow(clippy::all, clippy::pedantic)]

pub mod google {
    pub mod longrunning {
        tonic::include_proto!("google.longrunning");
    }
    pub mod rpc {
        tonic::include_proto!("google.rpc");
    }
}

pub mod suffice {
    pub mod v1 {
        tonic::include_proto!("suffice.v1");
    }
}

/// Every file of the interface, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/suffice.descriptors"));
