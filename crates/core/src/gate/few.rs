//! A few small values without an allocation; many with one.

/// Up to `N` values in place.
#[derive(Debug, Clone)]
pub(super) struct Few<T, const N: usize> {
    len: usize,
    inline: [T; N],
    /// All of them, once they are more than `N`.
    many: Vec<T>,
}

impl<T: Copy + Default, const N: usize> Few<T, N> {
    #[inline(always)]
    pub fn new() -> Self {
        Self {
            len: 0,
            inline: [T::default(); N],
            many: Vec::new(),
        }
    }

    #[inline]
    pub fn push(&mut self, value: T) {
        if let Some(slot) = self.inline.get_mut(self.len) {
            *slot = value;
            self.len += 1;
        } else {
            self.push_to_many(value);
        }
    }

    #[cold]
    fn push_to_many(&mut self, value: T) {
        if self.many.is_empty() {
            self.many.extend_from_slice(&self.inline);
        }
        self.many.push(value);
    }

    #[inline]
    pub fn as_slice(&self) -> &[T] {
        if self.many.is_empty() {
            self.inline.get(..self.len).unwrap_or_default()
        } else {
            &self.many
        }
    }

    #[inline]
    pub fn iter(&self) -> std::iter::Copied<std::slice::Iter<'_, T>> {
        self.as_slice().iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_and_many() {
        for count in 0..12_u16 {
            let mut few: Few<u16, 4> = Few::new();
            for value in (0..count).rev() {
                few.push(value / 2);
            }
            let pushed: Vec<u16> = (0..count).rev().map(|value| value / 2).collect();
            assert_eq!(few.as_slice(), pushed);
            assert!(few.iter().eq(pushed));
        }
    }
}
