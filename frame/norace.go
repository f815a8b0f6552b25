//go:build !race

package frame

const poisoning = false
