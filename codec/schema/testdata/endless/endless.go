//parley:protocol endless versions=1-2

// Package endless has sizes that no payload can have.
package endless

//parley:message 1
type Loop struct {
	Next Step `parley:"v1+"`
}

//parley:variant 1 Again
type Step interface{ step() }

type Again struct {
	Next Step `parley:"v1+"`
}

func (*Again) step() {}

//parley:message 2
type Nothing struct {
	Later []Later `parley:"v1+"`
	Void  *Later  `parley:"v1+,nonnull"`
	Most  []Later `parley:"v1+,max=4096"`
	More  []Later `parley:"v1+,max=4097"`
	Wide  []Wide  `parley:"v1+,max=5000000000"`
}

type Wide struct {
	A [512]uint64 `parley:"v2+"`
}

type Later struct {
	A uint8 `parley:"v2+"`
}
