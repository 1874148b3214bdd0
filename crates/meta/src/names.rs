//! Closed sets of values that are written as text: one spelling in the database, in the API and in messages.

/// A value out of a short list, each with its name.
pub trait Names: Copy + PartialEq + 'static {
    /// What the list is of, for messages: "application type".
    const WHAT: &'static str;
    /// All values, in the order that help texts show.
    const ALL: &'static [Self];

    /// The name, snake_case.
    fn as_str(self) -> &'static str;

    /// The value of exactly this name.
    #[must_use]
    fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|value| value.as_str() == text)
    }
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident, $what:literal: $($(#[$value_doc:meta])* $value:ident = $text:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name { $($(#[$value_doc])* $value),+ }

        impl $crate::Names for $name {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text),+ }
            }
        }
    };
}
pub(crate) use names;
