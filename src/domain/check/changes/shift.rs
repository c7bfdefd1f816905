//! Where rows of a table stand once others have come and gone.

use crate::domain::ids::Id;

/// From the positions of one revision to those of the next.
#[derive(Clone, Debug)]
pub(super) enum Shift {
    /// Every row is where it was.
    Same,
    /// None: the row is gone.
    To(Vec<Option<usize>>),
}

impl Shift {
    pub fn of(&self, before: usize) -> Option<usize> {
        match self {
            Shift::Same => Some(before),
            Shift::To(after) => after[before],
        }
    }

    pub fn is_same(&self) -> bool {
        matches!(self, Shift::Same)
    }

    /// By id, between two sorted tables. O(rows).
    pub fn by_id<'i>(before: impl Iterator<Item = &'i Id>, after: impl Iterator<Item = &'i Id>) -> Shift {
        let mut after = after.enumerate().peekable();
        let find = |id: &Id| {
            while after.next_if(|(_, other)| *other < id).is_some() {}
            after.next_if(|(_, other)| *other == id).map(|(at, _)| at)
        };
        Shift::to(before.map(find).collect())
    }

    pub fn to(shift: Vec<Option<usize>>) -> Shift {
        let is_same = shift.iter().enumerate().all(|(before, &after)| after == Some(before));
        if is_same { Shift::Same } else { Shift::To(shift) }
    }
}

/// Where a row of the next revision comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Position among the rows that are held.
    Held(usize),
    /// Position among the rows that are new.
    New(usize),
}

/// The rows that stay and the new ones, by id. Both are sorted, and no id is in both. O(rows).
pub(super) fn merged<'i>(
    held: impl Iterator<Item = (usize, &'i Id)>,
    new: impl Iterator<Item = &'i Id>,
) -> Vec<Origin> {
    let mut new = new.enumerate().peekable();
    let mut order = Vec::with_capacity(held.size_hint().1.unwrap_or(0) + new.size_hint().0);
    for (at, id) in held {
        while let Some((position, _)) = new.next_if(|(_, other)| *other < id) {
            order.push(Origin::New(position));
        }
        order.push(Origin::Held(at));
    }
    order.extend(new.map(|(position, _)| Origin::New(position)));
    order
}

#[cfg(test)]
mod tests {
    use super::{Origin, Shift, merged};
    use crate::domain::ids::Id;

    fn ids(text: &str) -> Vec<Id> {
        text.split_whitespace().map(|id| Id::parse(id).expect("an id")).collect()
    }

    #[test]
    fn rows_that_stay_and_rows_that_come_stand_by_id() {
        let (held, new) = (ids("b d f"), ids("a c g"));
        let order = merged([(0, &held[0]), (2, &held[2])].into_iter(), new.iter());
        assert_eq!(order, [Origin::New(0), Origin::Held(0), Origin::New(1), Origin::Held(2), Origin::New(2)]);
    }

    #[test]
    fn positions_follow_their_ids() {
        let shift = Shift::by_id(ids("a b c e").iter(), ids("a bb c d").iter());
        assert_eq!([0, 1, 2, 3].map(|before| shift.of(before)), [Some(0), None, Some(2), None]);
        assert!(Shift::by_id(ids("a b").iter(), ids("a b c").iter()).is_same());
        assert!(!Shift::by_id(ids("a b").iter(), ids("b").iter()).is_same());
    }
}
