"""What is wrong with the text of a file, before anybody asks what it means."""

from __future__ import annotations

from engine.rulebook.wording.template import Wording

TEXT = {
    "YAML_SYNTAX": Wording(
        "YAML 写法有误：{problem}",
        "not valid YAML: {problem_en}",
        "检查这一行和上一行的缩进、冒号、引号和括号",
        "check indentation, colons, quotes and brackets on this line and the one before",
    ),
    "YAML_TAB": Wording(
        "缩进里有制表符（Tab）",
        "a tab in the indentation",
        "换成空格，每层两个",
        "use spaces, two a level",
    ),
    "YAML_BOM": Wording(
        "文件以 BOM 字节序标记开头",
        "the file begins with a byte order mark",
        "另存为“UTF-8（无 BOM）”",
        "save it as UTF-8 without BOM",
    ),
    "YAML_NOT_UTF8": Wording(
        "文件不是 UTF-8 编码",
        "the file is not UTF-8",
        "用 UTF-8 重新保存，不要用 GBK",
        "save it again as UTF-8",
    ),
    "YAML_EMPTY": Wording(
        "文件是空的",
        "the file is empty",
        "写出 kind、id、version 等字段，或删除文件",
        "write kind, id, version and so on, or delete the file",
    ),
    "YAML_MULTIPLE_DOCUMENTS": Wording(
        "一个文件里有多个 YAML 文档",
        "more than one YAML document in one file",
        "一个文件只写一条规则，把其余内容移到各自的文件",
        "one file holds one rule; move the rest to files of their own",
    ),
    "YAML_DUPLICATE_KEY": Wording(
        "键“{key}”重复，第 {line} 行已经写过",
        "key “{key}” is repeated; it is already on line {line}",
        "删掉其中一个，或改名",
        "remove or rename one of them",
    ),
    "YAML_KEY_NOT_TEXT": Wording(
        "键“{key}”不是文字",
        "key “{key}” is not text",
        "键要用文字；数字请加引号",
        "keys must be text; put numbers in quotes",
    ),
    "YAML_ALIAS": Wording(
        "不允许使用锚点或别名（{mark}）",
        "anchors and aliases are refused ({mark})",
        "把内容原样写出来，让每一行都能直接读懂",
        "write the content out, so that every line can be read by itself",
    ),
    "YAML_TAG": Wording(
        "不允许使用标签（{tag}）",
        "tags are refused ({tag})",
        "去掉以 ! 开头的标签；要文字就加引号",
        "remove what begins with !; quote the value if it is text",
    ),
    "YAML_TOO_LARGE": Wording(
        "文件超过 {limit} 字节",
        "the file is larger than {limit} bytes",
        "拆成几条规则",
        "split it into several rules",
    ),
    "YAML_TOO_DEEP": Wording(
        "嵌套超过 {limit} 层",
        "nested deeper than {limit} levels",
        "检查缩进或括号是否写错",
        "check the indentation or the brackets",
    ),
    "RATE_NOT_STRING": Wording(
        "“{key}”是费率，必须写成带引号的小数，现在是数字 {value}",
        "“{key}” is a rate and must be a quoted decimal; it is the number {value}",
        '改为 {key}: "{value}"；不加引号会经过浮点数而失真',
        'write {key}: "{value}"; an unquoted number goes through floating point',
    ),
    "FLOAT_REFUSED": Wording(
        "不允许小数 {value}",
        "the decimal number {value} is refused",
        "金额用整数分（_fen），比例用带引号的小数，其余用整数",
        "write money as whole fen (_fen), rates as quoted decimals, everything else as whole numbers",
    ),
    "MERGE_MARKERS": Wording(
        "第 {line} 到 {end} 行是没有合并完的冲突（<<<<<<<）",
        "lines {line} to {end} are a merge conflict that was not resolved (<<<<<<<)",
        "选定一边的内容，删掉 <<<<<<<、=======、>>>>>>> 这几行",
        "keep what is meant and remove the lines <<<<<<<, =======, >>>>>>>",
    ),
    "TEXT_INVISIBLE": Wording(
        "有看不见的字符 {name}",
        "an invisible character {name}",
        "删掉它；它会让看到的和实际的不一样",
        "remove it: what is read is not what is there",
    ),
    "LOOK_ALIKE": Wording(
        "“{text}”里的“{character}”是 {name}{twin}",
        "“{character}” in “{text}” is {name}{twin_en}",
        "用键盘重新输入这个词；形近字母会让两个名字看起来一样",
        "type the word anew; look-alike letters make two names seem one",
    ),
    "ID_NOT_ASCII": Wording(
        "“{text}”里有非 ASCII 字符 {character}（{name}）",
        "“{text}” holds the non-ASCII character {character} ({name})",
        "键和编号只用 a–z、0–9、点、下划线和连字符；形近字母会让两条规则看起来同名",
        "keys and ids use only a–z, 0–9, dot, underscore, hyphen; look-alikes make two rules seem one",
    ),
}
