//! A long vector in shared pages: a copy shares all of them, and a page is copied when one of the owners writes to it.

use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) struct Paged<T> {
    pages: Vec<Arc<Vec<T>>>,
    len: usize,
}

/// Entries of a page. Fewer make writing cheaper and copying the whole dearer.
const PAGE: usize = 256;

impl<T: Clone> Paged<T> {
    pub fn new() -> Paged<T> {
        Paged { pages: Vec::new(), len: 0 }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn get(&self, at: usize) -> &T {
        &self.pages[at / PAGE][at % PAGE]
    }

    pub fn get_mut(&mut self, at: usize) -> &mut T {
        &mut Arc::make_mut(&mut self.pages[at / PAGE])[at % PAGE]
    }

    pub fn push(&mut self, item: T) {
        if self.len == self.pages.len() * PAGE {
            self.pages.push(Arc::new(Vec::with_capacity(PAGE)));
        }
        Arc::make_mut(&mut self.pages[self.len / PAGE]).push(item);
        self.len += 1;
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flat_map(|page| page.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::{PAGE, Paged};

    #[test]
    fn a_copy_keeps_what_it_had() {
        let mut one = Paged::new();
        (0..2 * PAGE + 3).for_each(|at| one.push(at));
        let mut other = one.clone();
        *other.get_mut(PAGE) = 0;
        other.push(7);
        assert_eq!((one.len(), *one.get(PAGE)), (2 * PAGE + 3, PAGE));
        assert_eq!((other.len(), *other.get(PAGE), *other.get(2 * PAGE + 3)), (2 * PAGE + 4, 0, 7));
        assert_eq!(one.iter().copied().collect::<Vec<_>>(), (0..2 * PAGE + 3).collect::<Vec<_>>());
    }
}
