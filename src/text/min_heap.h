/* A binary heap of things to do, the least (key, tie) first. The caller gives the room. */
#ifndef HEED_MIN_HEAP_H
#define HEED_MIN_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct heed__heap_item {
	uint64_t key, tie;
} heed__heap_item;

static inline bool heed__heap_before(heed__heap_item a, heed__heap_item b)
{
	return a.key != b.key ? a.key < b.key : a.tie < b.tie;
}

/* heap has room for *count + 1. */
static inline void heed__heap_push(heed__heap_item *heap, size_t *count, heed__heap_item item)
{
	size_t i = (*count)++;

	while (i > 0 && heed__heap_before(item, heap[(i - 1) / 2])) {
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap[i] = item;
}

/* *count > 0. */
static inline heed__heap_item heed__heap_pop(heed__heap_item *heap, size_t *count)
{
	const heed__heap_item top = heap[0], item = heap[--*count];
	size_t i = 0;

	for (size_t child = 1; child < *count; child = 2 * i + 1) {
		if (child + 1 < *count && heed__heap_before(heap[child + 1], heap[child]))
			child++;
		if (!heed__heap_before(heap[child], item))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = item;
	return top;
}

#endif
