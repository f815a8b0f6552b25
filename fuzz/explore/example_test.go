package explore_test

import (
	"errors"
	"fmt"

	"github.com/parleyproto/parley/fuzz/explore"
)

// Two jugs of 3 and 5 litres: can there be 4 litres in one? Saying that there
// never are makes the explorer show how.
func ExampleModel_Explore() {
	type jugs struct{ Small, Big int }
	pour := map[string]func(j jugs) jugs{
		"fill small":   func(j jugs) jugs { return jugs{3, j.Big} },
		"fill big":     func(j jugs) jugs { return jugs{j.Small, 5} },
		"empty small":  func(j jugs) jugs { return jugs{0, j.Big} },
		"empty big":    func(j jugs) jugs { return jugs{j.Small, 0} },
		"small to big": func(j jugs) jugs { n := min(j.Small, 5-j.Big); return jugs{j.Small - n, j.Big + n} },
		"big to small": func(j jugs) jugs { n := min(j.Big, 3-j.Small); return jugs{j.Small + n, j.Big - n} },
	}
	m := explore.Model[jugs, string]{
		Init: []jugs{{}},
		Choices: func(dst []string, _ jugs) []string {
			return append(dst, "fill small", "fill big", "empty small", "empty big", "small to big", "big to small")
		},
		Step: func(j jugs, choice string) (jugs, error) { return pour[choice](j), nil },
		Check: func(j jugs) error {
			if j.Big == 4 {
				return errors.New("four litres")
			}
			return nil
		},
		Show: func(j jugs) string { return fmt.Sprintf("%d/3 %d/5", j.Small, j.Big) },
	}
	fmt.Println(m.Explore(explore.Bounds{}).Violation)

	m.Check = nil
	fmt.Println(m.Explore(explore.Bounds{}))
	// Output:
	// explore: invariant broken after 6 steps: four litres
	//    0  start         0/3 0/5
	//    1  fill big      0/3 5/5
	//    2  big to small  3/3 2/5
	//    3  empty small   0/3 2/5
	//    4  big to small  2/3 0/5
	//    5  fill big      2/3 5/5
	//    6  big to small  3/3 4/5
	// 16 states, 96 transitions, depth 7, complete
}
