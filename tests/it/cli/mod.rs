//! The command line, run as a program in a folder of its own.

mod bad_input;
mod capabilities;
mod damage;
mod data_files;
mod explain;
mod external;
mod project;
mod quotes;
mod results;
mod seed;
mod streams;
mod tables;
mod verify;
