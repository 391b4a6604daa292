//! Systems of bodies to compute with, the same on every machine.

use kernels_core::Bodies;

/// SplitMix64: small, and good enough to place bodies.
///
/// Literature: Steele, Lea & Flood, OOPSLA 2014.
#[derive(Debug)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in (0, 1).
    fn uniform(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// Uniform on the sphere of radius `length`.
    fn direction(&mut self, length: f64) -> [f64; 3] {
        let z = 2.0 * self.uniform() - 1.0;
        let angle = std::f64::consts::TAU * self.uniform();
        let flat = (1.0 - z * z).sqrt();
        [length * flat * angle.cos(), length * flat * angle.sin(), length * z]
    }
}

/// `n` bodies of unequal masses, about 1 together, with the density of a Plummer sphere and velocities below the
/// speed of escape.
pub(super) fn cluster(n: usize, seed: u64) -> Bodies {
    let mut random = SplitMix64(seed);
    let (mut masses, mut positions, mut velocities) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..n {
        let enclosed = 0.98 * random.uniform();
        let radius = (enclosed.powf(-2.0 / 3.0) - 1.0).powf(-0.5);
        let speed = 0.7 * random.uniform() * (1.0 + radius * radius).powf(-0.25);
        masses.push((0.5 + random.uniform()) / n as f64);
        positions.push(random.direction(radius));
        velocities.push(random.direction(speed));
    }
    Bodies::from_rows(masses, positions, velocities).expect("a cluster is well-formed")
}

/// Two bodies on a circle around their centre of mass, with the period of one turn.
pub(super) fn circular_binary(masses: [f64; 2], distance: f64) -> (Bodies, f64) {
    let total = masses[0] + masses[1];
    let period = std::f64::consts::TAU * (distance.powi(3) / total).sqrt();
    let speed = (total / distance).sqrt();
    let shares = [-masses[1] / total, masses[0] / total];
    let positions = shares.map(|share| [share * distance, 0.0, 0.0]).to_vec();
    let velocities = shares.map(|share| [0.0, share * speed, 0.0]).to_vec();
    let binary = Bodies::from_rows(masses.to_vec(), positions, velocities);
    (binary.expect("a binary is well-formed"), period)
}

/// A cluster with two of its bodies `distance` apart, far from the middle.
pub(super) fn with_tight_binary(n: usize, distance: f64) -> Bodies {
    let cluster = cluster(n, 11);
    let mut positions = cluster.position_rows().to_vec();
    positions[0] = [1.0, 1.0, 1.0];
    positions[n - 1] = [1.0 + distance, 1.0 - distance, 1.0 + distance];
    let velocities = cluster.velocity_rows().to_vec();
    Bodies::from_rows(cluster.mass_slice().to_vec(), positions, velocities).expect("well-formed")
}

/// A cluster of three and a neighbour of its first body at a thousandth of a length, or nearer, in any direction.
pub(super) fn close_pair(seed: u64) -> Bodies {
    let (three, offset) = (cluster(3, seed), cluster(3, seed + 1000).position_rows()[1]);
    let mut positions = three.position_rows().to_vec();
    positions.push(std::array::from_fn(|k| positions[0][k] + 1e-3 * offset[k]));
    Bodies::from_rows(vec![0.25; 4], positions, vec![[0.0; 3]; 4]).expect("well-formed")
}

/// Massless bodies: two fly at each other along x, `n - 2` are at rest.
pub(super) fn head_on(n: usize) -> Bodies {
    let mut positions = vec![[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0]];
    let mut velocities = vec![[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]];
    for body in 2..n {
        positions.push([0.0, 8.0 + body as f64, 0.25]);
        velocities.push([0.0; 3]);
    }
    Bodies::from_rows(vec![0.0; n], positions, velocities).expect("well-formed")
}

/// The system as a run that goes on has it.
pub(super) fn underway(bodies: &Bodies) -> Bodies {
    let (x, v) = (bodies.position_rows().to_vec(), bodies.velocity_rows().to_vec());
    Bodies::underway(bodies.mass_slice().to_vec(), x, v).expect("well-formed")
}

/// A cluster with other masses.
pub(super) fn with_masses(bodies: &Bodies, mass: impl Fn(usize) -> f64) -> Bodies {
    let masses = (0..bodies.len()).map(mass).collect();
    let (positions, velocities) = (bodies.position_rows(), bodies.velocity_rows());
    Bodies::from_rows(masses, positions.to_vec(), velocities.to_vec()).expect("well-formed")
}

/// The system moved by `shift`.
pub(super) fn shifted(bodies: &Bodies, shift: [f64; 3]) -> Bodies {
    let mut moved = bodies.clone();
    let (x, v) = (bodies.position_rows(), bodies.velocity_rows());
    moved
        .set_state(|i| (std::array::from_fn(|k| x[i][k] + shift[k]), v[i]))
        .expect("a finite shift");
    moved
}

/// The bodies in another order: body `i` of the result is body `order(i)`.
pub(super) fn permuted(bodies: &Bodies, order: impl Fn(usize) -> usize) -> Bodies {
    let order: Vec<usize> = (0..bodies.len()).map(order).collect();
    let masses = order.iter().map(|&i| bodies.mass_slice()[i]).collect();
    let positions = order.iter().map(|&i| bodies.position_rows()[i]).collect();
    let velocities = order.iter().map(|&i| bodies.velocity_rows()[i]).collect();
    Bodies::from_rows(masses, positions, velocities).expect("well-formed")
}
