//! The command line, run as a program in a folder of its own.

mod bad_input;
mod bench;
mod capabilities;
mod comparison;
mod configuration;
mod damage;
mod data_files;
mod drill;
mod explain;
mod external;
mod hostile;
mod ledger;
mod memory;
mod operator_log;
mod project;
mod quotes;
mod results;
mod risk;
mod sched;
mod seed;
mod smoke;
mod sources;
mod streams;
mod tables;
mod verify;
mod why;
