/*
 * A small profile in each format, for the unit test and the fuzz target's
 * seeds.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_PROFILE_SAMPLES_H
#define TESTS_PROFILE_SAMPLES_H

static const char own[] =
    "{\"qpp_profile\":1,\"byte_order\":\"little\",\"pointer_size\":8,"
    "\"banner\":\" Linux version 6.1 (x) #1 SMP\\n\",\"release\":\"6.1\","
    "\"types\":{\"task_struct\":{\"size\":9000,\"members\":{\"pid\":[100,4],"
    "\"tasks\":[200,16,\"list_head\"],\"in_execve\":[104,4,null,1,3]},"
    "\"anonymous\":[[300,32,\"@7\"]]},"
    "\"@7\":{\"members\":{\"deep\":[8,16,\"list_head\"]}},"
    "\"list_head\":{\"size\":16,\"members\":{\"next\":[0,8],\"prev\":[8,8]}},"
    "\"int\":{\"size\":4}},"
    "\"enums\":{\"MINUS\":-5},\"symbols\":{\"_text\":18446744071578845184}}";

static const char isf[] =
    "{\"metadata\":{\"format\":\"6.2.0\"},\"base_types\":{"
    "\"pointer\":{\"size\":8,\"endian\":\"little\"},\"int\":{\"size\":4},"
    "\"char\":{\"size\":1}},\"user_types\":{\"task_struct\":{\"size\":9000,"
    "\"kind\":\"struct\",\"fields\":{"
    "\"pid\":{\"offset\":100,\"type\":{\"kind\":\"base\",\"name\":\"int\"}},"
    "\"comm\":{\"offset\":110,\"type\":{\"kind\":\"array\",\"count\":16,"
    "\"subtype\":{\"kind\":\"base\",\"name\":\"char\"}}},"
    "\"mm\":{\"offset\":160,\"type\":{\"kind\":\"pointer\",\"subtype\":{"
    "\"kind\":\"struct\",\"name\":\"mm_struct\"}}},"
    "\"flag\":{\"offset\":170,\"type\":{\"kind\":\"bitfield\","
    "\"bit_position\":0,\"bit_length\":1,\"type\":{\"kind\":\"base\","
    "\"name\":\"int\"}}},"
    "\"tasks\":{\"offset\":200,\"type\":{\"kind\":\"struct\","
    "\"name\":\"list_head\"}},"
    "\"unnamed_field_12c\":{\"offset\":300,\"anonymous\":true,\"type\":{"
    "\"kind\":\"union\",\"name\":\"unnamed_7\"}}}},"
    "\"unnamed_7\":{\"size\":32,\"kind\":\"union\",\"fields\":{\"deep\":{"
    "\"offset\":8,\"type\":{\"kind\":\"struct\",\"name\":\"list_head\"}}}},"
    "\"unnamed_8\":{\"size\":-1,\"kind\":\"struct\",\"fields\":{\"ctx\":{"
    "\"offset\":16,\"type\":{\"kind\":\"array\",\"count\":0,\"subtype\":{"
    "\"kind\":\"base\",\"name\":\"char\"}}}}},"
    "\"list_head\":{\"size\":16,\"kind\":\"struct\",\"fields\":{\"next\":{"
    "\"offset\":0,\"type\":{\"kind\":\"pointer\",\"subtype\":{\"kind\":"
    "\"base\",\"name\":\"void\"}}}}}},"
    "\"enums\":{\"e\":{\"size\":4,\"base\":\"int\",\"constants\":{"
    "\"MINUS\":-5}}},\"symbols\":{\"_text\":{\"address\":"
    "18446744071578845184},\"nowhere\":{\"address\":0},\"linux_banner\":{"
    "\"address\":5,\"constant_data\":\"TGludXggdmVyc2lvbiA2LjEgKHgpICMxIFNNUA"
    "oA\"}}}";

static const char info[] =
    "[debian:6.1:64]\n"
    "name = 6.1.0|#1 SMP Debian|x86_64\n"
    "task.size = 9000\ntask.init_addr = 18446744071578845184\n"
    "#task.init_addr = 0xffffffff81000000\n"
    "task.tasks_offset = 200\ntask.pid_offset = 100\n"
    "task.comm_offset = 110\ntask.comm_size = 16\n"
    "cred.uid_offset = 8\n"
    "fs.f_path_mnt_offset = 64\nfs.f_path_dentry_offset = 72\n"
    "[old:32]\n"
    "name = #1 SMP of a file of long ago\n"
    "task.mm_offset = 0x10\n";

#endif /* TESTS_PROFILE_SAMPLES_H */
