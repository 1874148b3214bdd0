//! The declaration of every table. A column is added here and nowhere else.

/// Declares columns and, for each, a [`crate::ColumnId`] constant of the same name.
macro_rules! columns {
    ($first:expr; $( $(#[doc = $doc:literal])+ $name:ident : $kind:ident $(, $rule:ident $( : $value:literal )? )* ; )*) => {
        #[repr(u16)]
        #[allow(non_camel_case_types, dead_code, clippy::enum_variant_names, reason = "the enum only numbers the columns")]
        enum Order { $($name,)* End }
        $(
            $(#[doc = $doc])+
            #[allow(non_upper_case_globals, reason = "a constant is named as its column, so that one search finds both")]
            pub const $name: $crate::ColumnId = $crate::ColumnId($first + Order::$name as u16);
        )*
        pub(crate) const COLUMNS: &[$crate::Column] = &[
            $( $crate::Column::new(stringify!($name), concat!($($doc, "\n"),+), $crate::Kind::$kind) $( .$rule($($value)?) )* ),*
        ];
        #[allow(dead_code, reason = "only the common columns need their number")]
        pub(crate) const LEN: u16 = Order::End as u16;
    };
}

/// Declares one table after the common columns.
macro_rules! table {
    ($(#[doc = $doc:literal])+ $table:ident; $($columns:tt)*) => {
        columns! { $crate::tables::common::LEN; $($columns)* }
        pub(crate) const DOC: &str = concat!($($doc, "\n"),+);
    };
}

pub mod action;
pub mod common;
pub mod error;
pub mod log;
pub mod long_task;
pub mod replay_segment;
pub mod resource;
pub mod session;
pub mod span;
pub mod telemetry;
pub mod view;
pub mod vital;
