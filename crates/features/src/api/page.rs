//! Lists: `{ items, next_cursor }`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problems::{self, Problem};

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1000;

/// Which part of a list is asked for.
#[derive(Deserialize, IntoParams, Debug)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items at most: 1 to 1000, 100 when absent.
    #[param(minimum = 1, maximum = 1000, nullable = false)]
    pub limit: Option<usize>,
    /// `next_cursor` of the part before, as it was given.
    #[param(nullable = false)]
    pub cursor: Option<String>,
}

/// A part of a list.
#[derive(Serialize, ToSchema, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Send it as `cursor` to get the next part; null at the end.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// What orders a list and names a place in it: unique, and it stays when neighbours come and go.
pub trait PageKey {
    /// A number and a text, compared in that order.
    fn page_key(&self) -> (i64, &str);
}

impl<T> Page<T> {
    /// Cuts the asked part out of a whole list, in the order of its keys.
    ///
    /// # Errors
    /// When the limit is out of range or the cursor is not one of ours.
    pub fn cut<K: PageKey>(
        mut all: Vec<K>,
        query: &PageQuery,
        into: impl Fn(K) -> T,
    ) -> Result<Self, Problem> {
        let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(problems::INVALID_VALUE
                .because(format!("a limit is 1 to {LIMIT_MAX}, not {limit}")));
        }
        all.sort_by(|a, b| a.page_key().cmp(&b.page_key()));
        if let Some(cursor) = &query.cursor {
            let (number, text) = parse_cursor(cursor)?;
            all.retain(|item| item.page_key() > (number, text));
        }
        let more = all.len() > limit;
        all.truncate(limit);
        let next_cursor = all.last().filter(|_| more).map(|last| {
            let (number, text) = last.page_key();
            format!("{number}.{text}")
        });
        Ok(Self {
            items: all.into_iter().map(into).collect(),
            next_cursor,
        })
    }
}

fn parse_cursor(cursor: &str) -> Result<(i64, &str), Problem> {
    let parsed = cursor
        .split_once('.')
        .and_then(|(number, text)| Some((number.parse().ok()?, text)));
    parsed.ok_or_else(|| {
        problems::INVALID_CURSOR.because(format!("{cursor:?} is no cursor of this list"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Item(i64, &'static str);

    impl PageKey for Item {
        fn page_key(&self) -> (i64, &str) {
            (self.0, self.1)
        }
    }

    fn cut(
        items: &[(i64, &'static str)],
        limit: usize,
        cursor: Option<&str>,
    ) -> (Vec<String>, Option<String>) {
        let query = PageQuery {
            limit: Some(limit),
            cursor: cursor.map(str::to_owned),
        };
        let items = items
            .iter()
            .map(|(number, text)| Item(*number, text))
            .collect();
        let page = Page::cut(items, &query, |item: Item| item.1.to_owned()).unwrap();
        (page.items, page.next_cursor)
    }

    #[test]
    fn following_the_cursor_gives_each_item_once_though_the_last_one_was_deleted() {
        let (items, next) = cut(&[(2, "c"), (1, "b"), (1, "a"), (3, "d")], 2, None);
        assert_eq!(items, ["a", "b"]);
        let (items, next) = cut(&[(2, "c"), (1, "a"), (3, "d")], 2, next.as_deref());
        assert_eq!(items, ["c", "d"]);
        assert_eq!(next, None);
    }
}
