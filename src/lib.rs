//! abgleich.
