//! One event to the requests that it stands for, by the catalogue and its rules.
