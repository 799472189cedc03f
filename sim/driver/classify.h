/* What classify.c offers the rest of a program. */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include "net.h"
#include "nonzero.h"

enum nz_result prepare(struct nz_device *nz, const struct nz_bus *bus);
enum nz_result classify(struct nz_device *nz, const int16_t input[NET_INPUTS], int16_t output[NET_OUTPUTS], uint64_t *cycles);

#endif /* CLASSIFY_H */
