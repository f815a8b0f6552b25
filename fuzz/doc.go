// Package fuzz holds sources, split plans and oracles for fuzzing protocols.
package fuzz
