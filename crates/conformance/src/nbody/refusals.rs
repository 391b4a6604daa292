//! What a kernel must refuse, and that a refusal changes nothing.

use kernels_core::{Backend, Bodies, Error, NBodyAlgorithm, NBodyOptions, Precision};
use ndarray::{Array2, Axis, ShapeBuilder, Slice};

use super::{accelerations, kernel, systems, variants};
use crate::Case;

pub(super) const CASES: &[Case] = &[
    Case::new("nbody_output_of_a_wrong_shape_is_refused", wrong_shape),
    Case::new("nbody_output_may_have_any_layout", any_layout),
    Case::new("nbody_coincident_bodies_are_refused", coincident),
    Case::new("nbody_bodies_that_the_precision_cannot_tell_apart_are_refused", indistinct),
    Case::new("nbody_invalid_time_step_is_refused", time_step),
    Case::new("nbody_invalid_options_are_refused", options),
    Case::new("nbody_what_is_not_offered_is_refused", not_offered),
    Case::new("nbody_tree_in_a_precision_it_lacks_is_refused", tree_precision),
    Case::new("nbody_precision_and_device_are_told_as_offered", told),
    Case::new("nbody_diverging_run_leaves_the_system_unchanged", diverging),
];

fn wrong_shape(backend: &dyn Backend) {
    let bodies = systems::cluster(6, 41);
    for variant in variants(backend) {
        for shape in [(5, 3), (7, 3), (6, 2), (6, 4), (3, 6), (0, 3)] {
            let mut out = Array2::zeros(shape);
            let result = kernel(backend, variant, 0.0).accelerations(&bodies, out.view_mut());
            let expected = Error::Shape {
                array: "accelerations",
                found: vec![shape.0, shape.1],
                expected: vec![6, 3],
                bodies: 6,
            };
            assert_eq!(result, Err(expected), "{variant}");
        }
    }
}

/// Column-major, and every second row of a larger array.
fn any_layout(backend: &dyn Backend) {
    let bodies = systems::cluster(11, 42);
    for variant in variants(backend) {
        let expected = accelerations(backend, variant, &bodies, 0.0);
        let mut kernel = kernel(backend, variant, 0.0);
        let mut columns = Array2::zeros((11, 3).f());
        kernel.accelerations(&bodies, columns.view_mut()).expect("accelerations");
        assert_eq!(columns, expected, "{variant}: column-major");
        let every_second = |from: isize| Slice::new(from, None, 2);
        let mut larger = Array2::from_elem((22, 3), 7.0);
        let rows = larger.slice_axis_mut(Axis(0), every_second(0));
        kernel.accelerations(&bodies, rows).expect("accelerations");
        let rows = larger.slice_axis(Axis(0), every_second(0));
        assert_eq!(rows, expected, "{variant}: every second row");
        let between = larger.slice_axis(Axis(0), every_second(1));
        assert!(between.iter().all(|&x| x == 7.0), "{variant}: wrote between the rows");
    }
}

fn coincident(backend: &dyn Backend) {
    let mut positions = systems::cluster(9, 43).position_rows().to_vec();
    positions[7] = positions[2];
    let bodies = Bodies::from_rows(vec![1.0; 9], positions, vec![[0.0; 3]; 9]).expect("legal");
    let refused = || Error::Coincident { first: 2, second: 7 };
    for variant in variants(backend) {
        let mut hard = kernel(backend, variant, 0.0);
        let mut out = Array2::zeros((9, 3));
        assert_eq!(hard.accelerations(&bodies, out.view_mut()), Err(refused()), "{variant}");
        assert_eq!(hard.energies(&bodies), Err(refused()), "{variant}");
        let mut still = bodies.clone();
        assert_eq!(hard.leapfrog(&mut still, 1e-3, 5), Err(refused()), "{variant}");
        assert_eq!(still, bodies, "{variant}");
        assert_eq!(hard.leapfrog(&mut still, 1e-3, 0), Err(refused()), "{variant}, no steps");
        let mut barely = kernel(backend, variant, 1e-170);
        assert_eq!(barely.energies(&bodies), Err(refused()), "{variant}: its square is 0");

        let mut soft = kernel(backend, variant, 0.1);
        soft.accelerations(&bodies, out.view_mut()).expect("softened forces are finite");
        assert!(out.iter().all(|x| x.is_finite()), "{variant}");
        assert!(soft.energies(&bodies).expect("energies").total().is_finite(), "{variant}");
        soft.leapfrog(&mut still, 1e-3, 5).expect("a softened run");
    }
}

/// Two bodies nearer than the precision can tell, far from the origin.
fn indistinct(backend: &dyn Backend) {
    let mut positions = systems::cluster(9, 43).position_rows().to_vec();
    positions[2] = [1e6 + 0.34, 2.0, 3.0];
    positions[7] = [1e6 + 0.34 + 2.4e-10, 2.0, 3.0];
    let bodies = Bodies::from_rows(vec![1.0; 9], positions, vec![[0.0; 3]; 9]).expect("legal");
    for variant in variants(backend) {
        let found = kernel(backend, variant, 0.0).energies(&bodies);
        match variant.precision {
            Precision::F64 => assert!(found.is_ok(), "{variant}: {found:?}"),
            precision @ (Precision::Mixed | Precision::F32) => {
                let refused = Error::Indistinct { first: 2, second: 7, precision };
                assert_eq!(found, Err(refused), "{variant}");
            }
        }
    }
}

fn time_step(backend: &dyn Backend) {
    let bodies = systems::cluster(4, 44);
    for variant in variants(backend) {
        for dt in [0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut still = bodies.clone();
            let result = kernel(backend, variant, 0.0).leapfrog(&mut still, dt, 5);
            assert!(
                matches!(result, Err(Error::InvalidOption { option: "time step", .. })),
                "{variant}, dt = {dt}: {result:?}"
            );
            assert_eq!(still, bodies, "{variant}, dt = {dt}");
        }
    }
}

fn options(backend: &dyn Backend) {
    for softening in [-1.0, 1e101, f64::NAN, f64::INFINITY] {
        let options = NBodyOptions { softening, ..NBodyOptions::default() };
        let result = backend.nbody(&options).err();
        assert!(
            matches!(result, Some(Error::InvalidOption { option: "softening", .. })),
            "softening {softening}: {result:?}"
        );
    }
    for opening in [0.0, -0.5, 1.01, f64::NAN, f64::INFINITY] {
        let options = NBodyOptions { opening, ..NBodyOptions::default() };
        let result = backend.nbody(&options).err();
        assert!(
            matches!(result, Some(Error::InvalidOption { option: "opening", .. })),
            "opening {opening}: {result:?}"
        );
    }
}

fn not_offered(backend: &dyn Backend) {
    let offered = backend.capabilities();
    for precision in Precision::ALL.into_iter().filter(|p| !offered.precisions.contains(p)) {
        let options = NBodyOptions { precision: Some(precision), ..NBodyOptions::default() };
        let supported = offered.precisions.clone();
        let expected =
            Error::UnsupportedPrecision { backend: backend.name(), precision, supported };
        assert_eq!(backend.nbody(&options).err(), Some(expected));
    }
    let lacking = |algorithm: &NBodyAlgorithm| !offered.nbody_algorithms.contains(algorithm);
    for algorithm in NBodyAlgorithm::ALL.into_iter().filter(lacking) {
        let options = NBodyOptions { algorithm, ..NBodyOptions::default() };
        let supported = offered.nbody_algorithms.iter().map(|a| a.name()).collect();
        let algorithm = algorithm.name();
        let expected =
            Error::UnsupportedAlgorithm { backend: backend.name(), algorithm, supported };
        assert_eq!(backend.nbody(&options).err(), Some(expected));
    }
}

/// A precision that the tree lacks is not replaced by one that it has.
fn tree_precision(backend: &dyn Backend) {
    let offered = backend.capabilities();
    if !offered.nbody_algorithms.contains(&NBodyAlgorithm::Tree) {
        return assert!(offered.tree_precisions.is_empty(), "precisions of a tree that is none");
    }
    let algorithm = NBodyAlgorithm::Tree;
    let lacking = |precision: &Precision| !offered.tree_precisions.contains(precision);
    for precision in Precision::ALL.into_iter().filter(lacking) {
        let options =
            NBodyOptions { precision: Some(precision), algorithm, ..NBodyOptions::default() };
        let supported = offered.tree_precisions.clone();
        let expected = Error::UnsupportedCombination {
            backend: backend.name(),
            algorithm,
            precision,
            supported,
        };
        assert_eq!(backend.nbody(&options).err(), Some(expected));
    }
}

/// What a backend tells without trying out all that it offers.
fn told(backend: &dyn Backend) {
    let (offered, name) = (backend.capabilities(), backend.name());
    assert_eq!(backend.device(), offered.device);
    for algorithm in NBodyAlgorithm::ALL {
        for precision in Precision::ALL.into_iter().map(Some).chain([None]) {
            let options = NBodyOptions { precision, algorithm, ..NBodyOptions::default() };
            let expected = offered.precision(name, &options);
            assert_eq!(backend.precision(&options), expected, "{algorithm}, {precision:?}");
        }
    }
}

/// A body so fast that its position overflows after some steps.
fn diverging(backend: &dyn Backend) {
    let cluster = systems::cluster(12, 45);
    let mut velocities = cluster.velocity_rows().to_vec();
    velocities[8] = [0.0, 3e307, 0.0];
    let (masses, positions) = (cluster.mass_slice().to_vec(), cluster.position_rows().to_vec());
    let bodies = Bodies::from_rows(masses, positions, velocities).expect("finite");
    for variant in variants(backend) {
        let mut moving = bodies.clone();
        let mut kernel = kernel(backend, variant, 0.0);
        let result = kernel.leapfrog(&mut moving, 1.0, 50);
        assert!(matches!(result, Err(Error::Diverged { .. })), "{variant}: {result:?}");
        assert_eq!(moving, bodies, "{variant}: the system changed");
        let (mut after, mut fresh) = (cluster.clone(), cluster.clone());
        kernel.leapfrog(&mut after, 1e-3, 3).expect("the kernel still works");
        super::kernel(backend, variant, 0.0).leapfrog(&mut fresh, 1e-3, 3).expect("a run");
        assert_eq!(after, fresh, "{variant}: the failed run left a trace");
    }
}
