"""Plain words for files, the programs that work on them, and what is plugged in."""

from apps.events.rule import ON_SERVER, Example, Rule, Side, Where, names

_DEVICE = frozenset((Side.DEVICE,))

FILES = (
    Rule(
        "The app could not install its update.",
        Where.DEVICE,
        Example("UpdateError: ERR_UPDATER_INVALID_RELEASE_FEED", "cocoa"),
        says=r"auto-?update|codepush|expo-?updates|update (?:is invalid|contents)|err_updater"
        r"|squirrel|update\.exe|install.{0,6}update|app.?update.{0,20}"
        r"(?:fail|error)|cannot (?:install|apply) update",
        sides=_DEVICE,
    ),
    Rule(
        "A file was locked with a password.",
        Where.APP,
        Example("FileNotDecryptedError: File has not been decrypted"),
        says=r"file has not been decrypted|no password given|cannot decrypt pdf|encrypted ?document"
        r"|(?:pdf|zip|archive|file|document|workbook).{0,20}(?:is |be )(?:encrypted|password)"
        r"|password.?(?:protected|required).{0,40}(?:pdf|zip|file|archive|document|workbook)",
    ),
    Rule(
        "A file was in use by another program.",
        None,
        Example("IOException: The process cannot access the file, it is used by another process"),
        says=r"used by another process|\bebusy\b|resource busy|text file busy|sharing violation",
    ),
    Rule(
        "There was already a file with that name.",
        None,
        Example("FileExistsError: [Errno 17] File exists: '/srv/out'"),
        says=r"\beexist\b|\bfile (?:already )?exists|file ?already ?exists|directory not empty",
        types=names("FileExistsError"),
    ),
    Rule(
        "Files could not be sent to another server, or fetched from there.",
        Where.SERVICE,
        Example("error_perm: 530 Login incorrect.", function="ftplib.login"),
        says=r"\bs?ftps?\b|ftplib|paramiko|\bjsch|net::s(?:ftp|sh|cp)|phpseclib|^error_perm"
        r"|ssh.{0,20}(?:banner|handshake|authent)|no matching host key",
        calls=r"\bparamiko|\bftplib|pysftp|asyncssh|\bjsch\b",
        files=r"paramiko/|ftplib\.|pysftp|asyncssh|ssh2|net/s(?:ftp|sh)|phpseclib",
        sides=ON_SERVER,
    ),
    Rule(
        "A sound or video could not be processed.",
        Where.SERVER,
        Example("CalledProcessError: Command 'ffmpeg' returned non-zero exit status 1"),
        says=r"ffmpeg|ffprobe|transcod|moov atom",
        sides=ON_SERVER,
    ),
    Rule(
        "Data did not arrive the way it was sent.",
        None,
        Example("ChecksumError: sha512 checksum mismatch", "node"),
        says=r"^(?!.{0,300}(?:iban|signature|hmac|certificate)).{0,400}"
        r"(?:checksum|sha-?(?:1|256|512)|md5|\bcrc\d{0,2})\b.{0,30}"
        r"(?:mismatch|fail|invalid|not match|error|differ)|activestorage::integrity|bad digest",
    ),
    Rule(
        "The printer could not be used.",
        Where.DEVICE,
        Example("PrinterException: offline", "android"),
        says=r"\bprinter|print ?job|out of paper|paper jam|escpos|zpl print",
    ),
    Rule(
        "A device that is plugged in could not be used.",
        Where.DEVICE,
        Example("SerialException: could not open port COM3"),
        says=r"could not open port|\bcom port|serial ?(?:port|exception)|\busb\b.{0,60}"
        r"(?:fail|error|not |lost|denied|disconnect)|\bhid device",
    ),
    Rule(
        "{Us} could not read or save a file.",
        None,
        Example("UnableToWriteFile: Unable to write file at location: x", "php"),
        says=r"move_uploaded_file|(?:unable|failed) to (?:move|copy|rename|write|open|save) [\"'/]"
        r"|unable ?to ?(?:read|write|move|copy|delete|create) ?(?:the )?(?:file|dir)"
        r"|input/output error|\beio\b|\bi/o device|in_page_error|is a directory|\beisdir\b"
        r"|nscocoaerrordomain.{0,200}code: (?:2[56]\d|51[0-9])\b"
        r"|(?:could not|failed to|cannot) (?:write|save|open|create|copy|move) (?:the |a )?file",
        vague=True,
    ),
    Rule(
        "Another program that {us} relies on failed.",
        None,
        Example("ProcessFailedException: The command 'tool' failed.", "php"),
        says=r"non-zero exit|the command .{0,120} failed|^(?:error: )?command failed\b"
        r"|exited with (?:code"
        r"|status)"
        r"|exit (?:status|code):? ?[1-9]|executable file not found|processfailed"
        r"|spawn .{0,60}enoent"
        r"|timeoutexpired|processtimedout|process exceeded the time",
        types=names("CalledProcessError ProcessFailedException ProcessTimedOutException"),
        sides=frozenset((Side.SERVER, Side.DEVICE, Side.UNKNOWN)),
    ),
)
