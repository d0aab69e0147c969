# Builds the program for one machine: MACHINE=chip or host, by CC and AR, into BUILD. The modules are in GENERATED.
OPTIMIZE ?= -O2
WARNINGS := -pedantic -Wall -Wextra -Wconversion -Wdouble-promotion -Wshadow -Wundef -Wcast-qual -Wcast-align \
  -Wmissing-prototypes -Wstrict-prototypes

SOURCES := axis.c machine.c trace.c
ifeq ($(MACHINE),chip)
  SOURCES += main.c cost.c board/startup.c
  CPU := -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16
  LINK := -nostartfiles -Tboard/mps2_an386.ld -Wl,--gc-sections
else
  SOURCES += host.c
endif

# What the modules need is in their own fragments; they are built with CFLAGS too, and add the flags that keep their bits.
# Each has a folder of its own: both bring the sine.
CFLAGS := $(CPU) $(OPTIMIZE) $(WARNINGS) -ffunction-sections -fdata-sections $(EXTRA_CFLAGS)
SWINGUP_BUILD := $(BUILD)/swingup
PLANT_BUILD := $(BUILD)/plant
include $(GENERATED)/swingup/swingup.mk
include $(GENERATED)/plant/plant.mk

OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
PROGRAM := $(BUILD)/pendulum$(if $(filter chip,$(MACHINE)),.elf)

.DEFAULT_GOAL := $(PROGRAM)
$(PROGRAM): $(OBJECTS) $(SWINGUP_LIB) $(PLANT_LIB)
	$(CC) $(CFLAGS) $(LINK) $^ $(SWINGUP_LDLIBS) $(PLANT_LDLIBS) -o $@

$(OBJECTS): $(BUILD)/%.o: %.c $(wildcard *.h board/*.h) $(SWINGUP_HEADERS) $(PLANT_HEADERS) build.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=c99 -I. -Iboard $(SWINGUP_INCLUDE) $(PLANT_INCLUDE) -c $< -o $@
