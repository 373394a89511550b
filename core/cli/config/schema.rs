//! `hemiola config schema` and `hemiola config reference`.

use hemiola_systems::signals::catalog::Catalog;

use crate::cli::print;
use crate::config;
use crate::exit::Failure;

pub(super) fn schema(catalog: &Catalog) -> Result<(), Failure> {
    print(&format!("{:#}\n", config::schema(&catalog.specs())))
}

pub(super) fn reference() -> Result<(), Failure> {
    print(&config::reference())
}
