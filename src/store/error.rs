//! Why a store can't be used.

use std::path::PathBuf;

/// Why a store can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no store `{}`; `trailtrim collect SOURCE... --role ROLE --store FILE` makes one", path.display())]
    Missing { path: PathBuf },

    #[error("`{}` is no store of trailtrim", path.display())]
    NotAStore { path: PathBuf },

    #[error("the store `{}` was written by a newer trailtrim (schema {found}, this one knows {known}); use that one", path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },

    #[error("can't open the store `{}`: {source}; its directory must be there, and both must be writable", path.display())]
    Unopened { path: PathBuf, source: rusqlite::Error },

    #[error("the store `{}` failed: {source}", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },

    #[error("the store `{}` holds a record that can't be read ({reason}); collect it anew", path.display())]
    Damaged { path: PathBuf, reason: String },
}
