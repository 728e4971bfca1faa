//! Says that it is another step.

hostile::hostile!("misbehaving", &[]);
