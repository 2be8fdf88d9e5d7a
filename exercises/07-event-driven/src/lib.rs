//! Capítulo 07: arquiteturas orientadas a eventos.

// bus
// capstone
// fan_out
// saga
