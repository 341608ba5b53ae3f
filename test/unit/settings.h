/* Settings as tests write them: SETTINGS("width", "8", "loss", "squared-l2") is name, value, ..., NULL. */
#ifndef HEED_TEST_SETTINGS_H
#define HEED_TEST_SETTINGS_H

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
