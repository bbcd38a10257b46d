/* The reader of URLs is everybody's: see host/base/url.h. */
#ifndef CELLPOST_FACADE_URL_H
#define CELLPOST_FACADE_URL_H

#include "host/base/url.h"

#endif
