//! How the invocations of `forces`, or of `steps` in one workgroup, share out the bodies: what a chip may like
//! this way or that, and what changes no bit of a result.

/// The invocations of a workgroup and the bodies that each of them takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Shape {
    pub(super) workgroup: u32,
    pub(super) bodies: u32,
}

impl Shape {
    /// The bodies of the largest block.
    pub(super) const LARGEST_BLOCK: u32 = 2048;

    /// The shape for so many bodies where none is known to be better: many workgroups come before few
    /// reads.
    pub(super) fn usual(bodies: u32, most: u32) -> Self {
        let (workgroup, bodies) = if bodies < 1 << 16 { (64, 4) } else { (256, 4) };
        Self { workgroup: most.min(workgroup), bodies }
    }

    /// Every shape that is worth a trial on a chip with workgroups of at most `most` invocations.
    pub(super) fn all(most: u32) -> impl Iterator<Item = Self> {
        // Those that are most often good come first: a short trial may not come to the last.
        let shapes =
            [4, 2, 8, 1].map(|bodies| [256, 128, 64].map(|workgroup| Self { workgroup, bodies }));
        shapes.into_iter().flatten().filter(move |shape| shape.workgroup <= most)
    }

    /// Every shape that is worth a trial for so many bodies in one workgroup of at most `most` invocations.
    pub(super) fn all_alone(bodies: u32, most: u32) -> impl Iterator<Item = Self> {
        let largest = bodies.next_power_of_two().max(32).min(most);
        let shapes = [256, 128, 512, 64, 1024, 32].map(|workgroup| Self { workgroup, bodies: 1 });
        shapes.into_iter().filter(move |shape| shape.workgroup <= largest)
    }

    /// The bodies that a workgroup takes.
    pub(super) fn block(self) -> u32 {
        self.workgroup * self.bodies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_divides_the_largest() {
        assert_eq!(Shape::all(256).count(), 12);
        assert!(Shape::all(256).all(|shape| Shape::LARGEST_BLOCK.is_multiple_of(shape.block())));
        assert!(Shape::all(128).all(|shape| shape.workgroup <= 128));
    }

    #[test]
    fn no_invocation_alone_is_without_a_body() {
        let workgroups = |bodies, most| {
            let mut all: Vec<_> = Shape::all_alone(bodies, most).map(|s| s.workgroup).collect();
            all.sort_unstable();
            all
        };
        assert_eq!(workgroups(2, 256), [32]);
        assert_eq!(workgroups(100, 1024), [32, 64, 128]);
        assert_eq!(workgroups(500, 256), [32, 64, 128, 256]);
    }
}
