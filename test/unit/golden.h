/* Models against PyTorch: a golden file of test/oracle holds a model's first parameters, a batch, and what another
 * framework made of them: the loss, what layers give, every gradient, and ten steps of Adam. */
#ifndef HEED_TEST_GOLDEN_H
#define HEED_TEST_GOLDEN_H

typedef struct golden_case {
	const char *path, *family;
	int source_vocab, target_vocab;
	const char *const *settings; /* name, value, ..., NULL */
	const char *const (
		*layers)[2]; /* names on the tape and, behind "out.", in the file; ends with NULL */
} golden_case;

/* Asserts that all of it agrees. */
void golden_agrees(const golden_case *c);

#endif
