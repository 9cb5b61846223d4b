//! The mapping and the batches, with expectations written by hand and a scripted server.

mod busy;
mod mapping;
mod requests;
mod schemas;
mod zones;
